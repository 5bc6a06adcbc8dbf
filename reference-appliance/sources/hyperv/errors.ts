/** What can be wrong with Hyper-V hosts and clusters beyond their remote management (`winrm.*`). */
import { defineErrors } from '#core/errors.ts';

export const errors = defineErrors({
  'hyperv.remoting': {
    blame: 'peer',
    retry: 'safe',
    why: 'Nothing answers on the port of Windows Remote Management: PowerShell remoting is not enabled on the host, a firewall lies before it, or the host is off.',
    next: 'On the host, run Enable-PSRemoting -Force (for HTTPS, make a listener with a certificate), and let TCP 5985 or 5986 through from the appliance.',
  },
  'hyperv.node.down': {
    blame: 'peer',
    retry: 'safe',
    why: 'The cluster itself says that this node is not up.',
    next: 'Bring the node back (Start-ClusterNode), or evict it; machines that fail over are found on the other nodes.',
  },
  'hyperv.cluster.not': {
    blame: 'input',
    retry: 'after-change',
    why: 'What answers there is no member of a failover cluster.',
    next: 'Give the type "host" to this entry of the configuration, or the name of the cluster.',
  },
  'hyperv.version': {
    blame: 'peer',
    retry: 'after-change',
    why: 'Hyper-V has the classes that discovery reads since Windows Server 2012 R2.',
    next: 'Upgrade the host; older ones cannot be discovered.',
  },
  'hyperv.slow': {
    blame: 'peer',
    retry: 'safe',
    why: 'Reading all that the host says of its machines took longer than it may take.',
    next: 'Look at the load of the host and of its WMI service; the appliance tries again by itself.',
  },
  'guest.address.unknown': {
    blame: 'peer',
    retry: 'safe',
    why: 'Guests of Hyper-V are reached by their own address, which the host knows from the integration services only.',
    next: 'See that the data exchange service runs in the guest (Windows: vmickvpexchange; Linux: hv_kvp_daemon).',
  },
});
