// SPDX-License-Identifier: LGPL-2.1-or-later
// The elements and attributes that libvirt accepts in network and port documents, by parent
// element: those that no table describes are refused as "not supported yet" instead of "unknown".
#include "schemas/network/internal.h"

// clang-format off
const struct doc_known network_known[] = {
    {"address", "@bus @connections @domain @end @function @slot @start @type zpci"},
    {"bandwidth", "@classID inbound outbound"},
    {"bootp", "@file @server"},
    {"bridge", "@delay @macTableManager @name @stp @zone"},
    {"class_id", "@network"},
    {"dhcp", "bootp host range"},
    {"dns", "@enable @forwardPlainNames forwarder host srv txt"},
    {"domain", "@localOnly @name @register"},
    {"driver", "@name"},
    {"floor", "@network"},
    {"forward", "@dev @managed @mode address driver interface nat pf"},
    {"forwarder", "@addr @domain"},
    {"host", "@id @ip @mac @name hostname lease"},
    {"inbound", "@average @burst @floor @peak"},
    {"interface", "@connections @dev"},
    {"ip", "@address @family @localPtr @netmask @prefix dhcp tftp"},
    {"lease", "@expiry @unit"},
    {"mac", "@address"},
    {"mtu", "@size"},
    {"nat", "@ipv6 address port"},
    {"network", "@connections @ipv6 @trustGuestRxFilters bandwidth bridge description dns domain forward ip mac metadata mtu name port portgroup route title uuid virtualport vlan"},
    {"networkport", "bandwidth class group mac owner plug port rxfilters uuid virtualport vlan"},
    {"outbound", "@average @burst @floor @peak"},
    {"owner", "name uuid"},
    {"parameters", "@instanceid @interfaceid @managerid @profileid @typeid @typeidversion"},
    {"pf", "@dev"},
    {"plug", "@bridge @dev @macTableManager @managed @mode @type address driver"},
    {"port", "@end @isolated @start"},
    {"portgroup", "@default @name @trustGuestRxFilters bandwidth virtualport vlan"},
    {"range", "@end @start lease"},
    {"route", "@address @family @gateway @metric @netmask @prefix"},
    {"rxfilters", "@trustGuest"},
    {"srv", "@domain @port @priority @protocol @service @target @weight"},
    {"tag", "@id @nativeMode"},
    {"tftp", "@root"},
    {"txt", "@name @value"},
    {"virtualport", "@type parameters"},
    {"vlan", "@trunk tag"},
};
// clang-format on
