// SPDX-License-Identifier: Apache-2.0
//
// Packets, and what is neither the kernel's nor libc's: numbers of standards and of our own messages.
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>

#include "security-agent/secl/constant_tables.h"

namespace vedette::secl::tables {
namespace {

#define V(name) {#name, static_cast<int64_t>(name)}

// The header's spelling, then the one of older policies.
constexpr Entry kL3Protocol[] = {
    V(ETH_P_LOOP),
    V(ETH_P_PUP),
    V(ETH_P_PUPAT),
    V(ETH_P_TSN),
    V(ETH_P_ERSPAN2),
    V(ETH_P_IP),
    V(ETH_P_X25),
    V(ETH_P_ARP),
    V(ETH_P_BPQ),
    V(ETH_P_IEEEPUP),
    V(ETH_P_IEEEPUPAT),
    V(ETH_P_BATMAN),
    V(ETH_P_DEC),
    V(ETH_P_DNA_DL),
    V(ETH_P_DNA_RC),
    V(ETH_P_DNA_RT),
    V(ETH_P_LAT),
    V(ETH_P_DIAG),
    V(ETH_P_CUST),
    V(ETH_P_SCA),
    V(ETH_P_TEB),
    V(ETH_P_RARP),
    V(ETH_P_ATALK),
    V(ETH_P_AARP),
    V(ETH_P_8021Q),
    V(ETH_P_ERSPAN),
    V(ETH_P_IPX),
    V(ETH_P_IPV6),
    V(ETH_P_PAUSE),
    V(ETH_P_SLOW),
    V(ETH_P_WCCP),
    V(ETH_P_MPLS_UC),
    V(ETH_P_MPLS_MC),
    V(ETH_P_ATMMPOA),
    V(ETH_P_PPP_DISC),
    V(ETH_P_PPP_SES),
    V(ETH_P_LINK_CTL),
    V(ETH_P_ATMFATE),
    V(ETH_P_PAE),
    V(ETH_P_PROFINET),
    V(ETH_P_REALTEK),
    V(ETH_P_AOE),
    V(ETH_P_ETHERCAT),
    V(ETH_P_8021AD),
    V(ETH_P_802_EX1),
    V(ETH_P_PREAUTH),
    V(ETH_P_TIPC),
    V(ETH_P_LLDP),
    V(ETH_P_MRP),
    V(ETH_P_MACSEC),
    V(ETH_P_8021AH),
    V(ETH_P_MVRP),
    V(ETH_P_1588),
    V(ETH_P_NCSI),
    V(ETH_P_PRP),
    V(ETH_P_CFM),
    V(ETH_P_FCOE),
    V(ETH_P_IBOE),
    V(ETH_P_TDLS),
    V(ETH_P_FIP),
    V(ETH_P_80221),
    V(ETH_P_HSR),
    V(ETH_P_NSH),
    V(ETH_P_LOOPBACK),
    V(ETH_P_QINQ1),
    V(ETH_P_QINQ2),
    V(ETH_P_QINQ3),
    V(ETH_P_EDSA),
    V(ETH_P_DSA_8021Q),
    V(ETH_P_DSA_A5PSW),
    V(ETH_P_IFE),
    V(ETH_P_AF_IUCV),
    V(ETH_P_802_3_MIN),
    V(ETH_P_802_3),
    V(ETH_P_AX25),
    V(ETH_P_ALL),
    V(ETH_P_802_2),
    V(ETH_P_SNAP),
    V(ETH_P_DDCMP),
    V(ETH_P_WAN_PPP),
    V(ETH_P_PPP_MP),
    V(ETH_P_LOCALTALK),
    V(ETH_P_CAN),
    V(ETH_P_CANFD),
    V(ETH_P_CANXL),
    V(ETH_P_PPPTALK),
    V(ETH_P_TR_802_2),
    V(ETH_P_MOBITEX),
    V(ETH_P_CONTROL),
    V(ETH_P_IRDA),
    V(ETH_P_ECONET),
    V(ETH_P_HDLC),
    V(ETH_P_ARCNET),
    V(ETH_P_DSA),
    V(ETH_P_TRAILER),
    V(ETH_P_PHONET),
    V(ETH_P_IEEE802154),
    V(ETH_P_CAIF),
    V(ETH_P_XDSA),
    V(ETH_P_MAP),
    V(ETH_P_MCTP),
    {"ETH_P_8021_Q", ETH_P_8021Q},
    {"ETH_P_DNADL", ETH_P_DNA_DL},
    {"ETH_P_DNARC", ETH_P_DNA_RC},
    {"ETH_P_DNART", ETH_P_DNA_RT},
    {"ETH_P_MPLSUC", ETH_P_MPLS_UC},
    {"ETH_P_MPLSMC", ETH_P_MPLS_MC},
    {"ETH_P_PPPDISC", ETH_P_PPP_DISC},
    {"ETH_P_PPPSES", ETH_P_PPP_SES},
    {"ETH_P__LINK_CTL", ETH_P_LINK_CTL},
    {"ETH_P_8021_AD", ETH_P_8021AD},
    {"ETH_P_8021_AH", ETH_P_8021AH},
    {"ETH_P_AFIUCV", ETH_P_AF_IUCV},
    {"ETH_P_8023_MIN", ETH_P_802_3_MIN},
    {"ETH_P_8023", ETH_P_802_3},
    {"ETH_P_8022", ETH_P_802_2},
    {"ETH_P_WANPPP", ETH_P_WAN_PPP},
    {"ETH_P_PPPMP", ETH_P_PPP_MP},
    {"ETH_P_TR8022", ETH_P_TR_802_2},
};

// The same numbers mean something else in ICMP and ICMPv6.
constexpr Entry kIcmpType[] = {
    V(ICMP_ECHOREPLY),
    V(ICMP_DEST_UNREACH),
    V(ICMP_SOURCE_QUENCH),
    V(ICMP_REDIRECT),
    V(ICMP_ECHO),
    V(ICMP_TIME_EXCEEDED),
    V(ICMP_PARAMETERPROB),
    V(ICMP_TIMESTAMP),
    V(ICMP_TIMESTAMPREPLY),
    V(ICMP_INFO_REQUEST),
    V(ICMP_INFO_REPLY),
    V(ICMP_ADDRESS),
    V(ICMP_ADDRESSREPLY),
    V(ICMP_EXT_ECHO),
    V(ICMP_EXT_ECHOREPLY),
    V(ICMPV6_DEST_UNREACH),
    V(ICMPV6_PKT_TOOBIG),
    V(ICMPV6_TIME_EXCEED),
    V(ICMPV6_PARAMPROB),
    V(ICMPV6_ECHO_REQUEST),
    V(ICMPV6_ECHO_REPLY),
    V(ICMPV6_MGM_QUERY),
    V(ICMPV6_MGM_REPORT),
    V(ICMPV6_MGM_REDUCTION),
    V(ICMPV6_NI_QUERY),
    V(ICMPV6_NI_REPLY),
    V(ICMPV6_MLD2_REPORT),
    V(ICMPV6_DHAAD_REQUEST),
    V(ICMPV6_DHAAD_REPLY),
    V(ICMPV6_MOBILE_PREFIX_SOL),
    V(ICMPV6_MOBILE_PREFIX_ADV),
    V(ICMPV6_MRDISC_ADV),
    V(ICMPV6_EXT_ECHO_REQUEST),
    V(ICMPV6_EXT_ECHO_REPLY),
};

#undef V

// IANA: resource record types
constexpr Entry kDnsQtype[] = {
    {"None", 0},    {"A", 1},           {"NS", 2},           {"MD", 3},
    {"MF", 4},      {"CNAME", 5},       {"SOA", 6},          {"MB", 7},
    {"MG", 8},      {"MR", 9},          {"NULL", 10},        {"WKS", 11},
    {"PTR", 12},    {"HINFO", 13},      {"MINFO", 14},       {"MX", 15},
    {"TXT", 16},    {"RP", 17},         {"AFSDB", 18},       {"X25", 19},
    {"ISDN", 20},   {"RT", 21},         {"NSAP", 22},        {"NSAPPTR", 23},
    {"SIG", 24},    {"KEY", 25},        {"PX", 26},          {"GPOS", 27},
    {"AAAA", 28},   {"LOC", 29},        {"NXT", 30},         {"EID", 31},
    {"NIMLOC", 32}, {"SRV", 33},        {"ATMA", 34},        {"NAPTR", 35},
    {"KX", 36},     {"CERT", 37},       {"DNAME", 39},       {"OPT", 41},
    {"APL", 42},    {"DS", 43},         {"SSHFP", 44},       {"IPSECKEY", 45},
    {"RRSIG", 46},  {"NSEC", 47},       {"DNSKEY", 48},      {"DHCID", 49},
    {"NSEC3", 50},  {"NSEC3PARAM", 51}, {"TLSA", 52},        {"SMIMEA", 53},
    {"HIP", 55},    {"NINFO", 56},      {"RKEY", 57},        {"TALINK", 58},
    {"CDS", 59},    {"CDNSKEY", 60},    {"OPENPGPKEY", 61},  {"CSYNC", 62},
    {"ZONEMD", 63}, {"SVCB", 64},       {"HTTPS", 65},       {"SPF", 99},
    {"UINFO", 100}, {"UID", 101},       {"GID", 102},        {"UNSPEC", 103},
    {"NID", 104},   {"L32", 105},       {"L64", 106},        {"LP", 107},
    {"EUI48", 108}, {"EUI64", 109},     {"TKEY", 249},       {"TSIG", 250},
    {"IXFR", 251},  {"AXFR", 252},      {"MAILB", 253},      {"MAILA", 254},
    {"ANY", 255},   {"URI", 256},       {"CAA", 257},        {"AVC", 258},
    {"TA", 32768},  {"DLV", 32769},     {"Reserved", 65535},
};

constexpr Entry kDnsQclass[] = {
    {"CLASS_INET", 1},   {"CLASS_CSNET", 2},  {"CLASS_CHAOS", 3},
    {"CLASS_HESIOD", 4}, {"CLASS_NONE", 254}, {"CLASS_ANY", 255},
};

constexpr Entry kDnsRcode[] = {
    {"NOERROR", 0},  {"FORMERR", 1},  {"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"NOTIMP", 4},
    {"REFUSED", 5},  {"YXDOMAIN", 6}, {"YXRRSET", 7},  {"NXRRSET", 8},  {"NOTAUTH", 9},
    {"NOTZONE", 10}, {"BADVERS", 16}, {"BADSIG", 16},  {"BADKEY", 17},  {"BADTIME", 18},
    {"BADMODE", 19}, {"BADNAME", 20}, {"BADALG", 21},
};

constexpr Entry kTlsVersion[] = {
    {"SSL_2_0", 0x200}, {"SSL_3_0", 0x300}, {"TLS_1_0", 0x301},
    {"TLS_1_1", 0x302}, {"TLS_1_2", 0x303}, {"TLS_1_3", 0x304},
};

// vedette.v1.NetworkContext: 0 is not known.
constexpr Entry kNetworkDirection[] = {
    {"EGRESS", 1},
    {"INGRESS", 2},
};

// vedette.v1.Sysctl: 0 is not known.
constexpr Entry kSysctlAction[] = {
    {"SYSCTL_READ", 1},
    {"SYSCTL_WRITE", 2},
};

// vedette.v1.FileMetadata: 0 is not known, or nothing.
constexpr Entry kFileType[] = {
    {"EMPTY", 1},
    {"SHELL_SCRIPT", 2},
    {"TEXT", 3},
    {"COMPRESSED", 4},
    {"ENCRYPTED", 5},
    {"BINARY", 6},
    {"LINUX_EXECUTABLE", 7},
    {"WINDOWS_EXECUTABLE", 8},
    {"MACOS_EXECUTABLE", 9},
    {"FILE_LESS", 10},
};

constexpr Entry kFileArchitecture[] = {
    {"UNKNOWN_ARCHITECTURE", 0}, {"X86", 1}, {"X86_64", 2}, {"ARM", 3}, {"ARM64", 4},
};

constexpr Entry kFileAbi[] = {
    {"UNKNOWN_ABI", 0},
    {"BIT32", 1},
    {"BIT64", 2},
};

// 7Z is for alerts: a name in a rule does not begin with a digit.
constexpr Entry kFileCompression[] = {
    {"NONE", 0}, {"GZIP", 1}, {"ZIP", 2}, {"ZSTD", 3}, {"7Z", 4}, {"BZIP2", 5}, {"XZ", 6},
};

constexpr Entry kFileLinkage[] = {
    {"NONE", 0},
    {"STATIC", 1},
    {"DYNAMIC", 2},
};

constexpr Family kFamilies[] = {
    {"l3_protocol", "Protocols above Ethernet", kL3Protocol},
    {"icmp_type", "Types of ICMP messages", kIcmpType},
    {"network_direction", "Directions of packets", kNetworkDirection},
    {"dns_qtype", "Types of DNS records", kDnsQtype},
    {"dns_qclass", "Classes of DNS records", kDnsQclass},
    {"dns_rcode", "Results of DNS questions", kDnsRcode},
    {"tls_version", "Versions of TLS", kTlsVersion},
    {"sysctl_action", "What is done with a kernel parameter", kSysctlAction},
    {"file_type", "Kinds of file content", kFileType},
    {"file_architecture", "Machines that programs are for", kFileArchitecture},
    {"file_abi", "Word sizes of programs", kFileAbi},
    {"file_compression", "Compression of files", kFileCompression},
    {"file_linkage", "How a program is linked", kFileLinkage},
};

}  // namespace

std::span<const Family> network_families() {
    return kFamilies;
}

}  // namespace vedette::secl::tables
