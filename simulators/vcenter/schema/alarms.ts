/**
 * Alarms and licences. Notation: notation.ts. Field names, order, optionality
 * and first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const ALARMS = `
managed Alarm < ExtensibleManagedObject: info AlarmInfo
AlarmSpec: name string, systemName string? @5.0, description string, enabled boolean,
  expression AlarmExpression, action AlarmAction?, actionFrequency int? @4.0, setting AlarmSetting?
AlarmInfo < AlarmSpec: key string, alarm &Alarm, entity &ManagedEntity, lastModifiedTime dateTime,
  lastModifiedUser string, creationEventId int
AlarmExpression:
OrAlarmExpression < AlarmExpression: expression AlarmExpression[]!
StateAlarmExpression < AlarmExpression: operator %StateAlarmOperator, type TypeName, statePath PropertyPath,
  yellow string?, red string?
enum StateAlarmOperator: isEqual isUnequal
MetricAlarmExpression < AlarmExpression: operator %MetricAlarmOperator, type TypeName, metric PerfMetricId,
  yellow int?, yellowInterval int? @4.0, red int?, redInterval int? @4.0
enum MetricAlarmOperator: isAbove isBelow
AlarmAction:
AlarmSetting: toleranceRange int, reportingFrequency int
AlarmState: key string, entity &ManagedEntity, alarm &Alarm, overallStatus %ManagedEntityStatus, time dateTime,
  acknowledged boolean? @4.0, acknowledgedByUser string? @4.0, acknowledgedTime dateTime? @4.0, eventKey int? @6.0,
  disabled boolean? @6.9.1
LicenseManagerEvaluationInfo @4.0: properties KeyAnyValue[]!
LicenseSource:
EvaluationLicenseSource < LicenseSource: remainingHours long?
`;
