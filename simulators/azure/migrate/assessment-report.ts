/** The file behind an assessment's download URL: the portal's workbook, in the layout of core/assessment. */
import { utils, write } from '@e965/xlsx';
import {
  diskHeader,
  diskRow,
  machineHeader,
  machineRow,
  propertiesSheet,
  summarySheet,
  type WorkbookSheet,
} from '#core/assessment/portal-workbook.ts';
import type { Computed } from './projects.ts';

export const REPORT_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

export function assessmentReport(name: string, { assessment, machines }: Computed): Buffer {
  const { plan, totals, confidence } = assessment;
  const assessed = [...machines.values()];
  const sheets: readonly WorkbookSheet[] = [
    summarySheet(name, plan, totals, confidence),
    { name: 'All_Assessed_Machines', rows: [machineHeader(plan), ...assessed.map(machineRow)] },
    {
      name: 'All_Assessed_Disks',
      rows: [
        diskHeader(plan),
        ...assessed.flatMap((machine) => machine.disks.map((disk) => diskRow(machine, disk))),
      ],
    },
    propertiesSheet(plan),
  ];
  const book = utils.book_new();
  for (const sheet of sheets)
    utils.book_append_sheet(book, utils.aoa_to_sheet(sheet.rows.map((row) => [...row])), sheet.name);
  return write(book, { type: 'buffer', bookType: 'xlsx', compression: true }) as Buffer;
}
