// SPDX-License-Identifier: Apache-2.0
//
// Hooks of sockets and packets.
#include "system-probe/ebpf/hook_table.h"

namespace vedette::probe {
namespace {

constexpr vdt_call kConnectCalls[] = {VDT_CALL_CONNECT};
constexpr HookProgram kConnectTrampoline[] = {{"handle_connect_file", "__sys_connect_file", 4, ""}};

constexpr Entry kIoUringAlone[] = {Entry::kIoUring};
constexpr vdt_call kBindCalls[] = {VDT_CALL_BIND};
constexpr vdt_call kAcceptCalls[] = {VDT_CALL_ACCEPT};
constexpr vdt_call kSocketCalls[] = {VDT_CALL_SOCKET};
constexpr vdt_call kSetsockoptCalls[] = {VDT_CALL_SETSOCKOPT};

/// Whose a socket is must be known before its packets are.
constexpr HookProgram kPackets[] = {
    {kSocketProgram, "", 0, ""},     {"own_connecting4", "", 0, ""},
    {"own_connecting6", "", 0, ""},  {"own_sending4", "", 0, ""},
    {"own_sending6", "", 0, ""},     {"handle_packet_in", "", 0, ""},
    {"handle_packet_out", "", 0, ""}};
constexpr std::string_view kPacketOwner =
    "packets are put down to the process that made, connected or last sent through the socket; "
    "before Linux 5.11, of sockets older than the probe it is not known until then";

constexpr std::string_view kNoSocket =
    "packets that no socket of this host sends or receives (forwarded, refused) and the link layer";

constexpr HookRow kRows[] = {
    {.type = VDT_CONNECT,
     .event = "connect",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_connect",
                    .calls = kConnectCalls,
                    .io_uring = kIoUringTracepoints,
                    .note = "the address of a failed connect is read from the caller's memory "
                            "after the call"},
     .trampoline = {.programs = kConnectTrampoline}},
    {.type = VDT_BIND,
     .event = "bind",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_bind",
                    .calls = kBindCalls,
                    .io_uring = kIoUringSockets,
                    .note = "the address of a failed bind is read from the caller's memory after "
                            "the call; by io_uring it is not known"}},
    {.type = VDT_ACCEPT,
     .event = "accept",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_accept",
                    .calls = kAcceptCalls,
                    .io_uring = kIoUringSockets,
                    .note =
                        "an accept that found nobody waiting (EAGAIN) is left out; the peer of one "
                        "that goes to the io_uring's own table is not known"}},
    {.type = VDT_SOCKET,
     .event = "socket",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_socket",
                    .calls = kSocketCalls,
                    .io_uring = kIoUringSockets}},
    {.type = VDT_SETSOCKOPT,
     .event = "setsockopt",
     .lifecycle = false,
     .entries = kSystemCallsAndIoUring,
     .tracepoint = {.programs = kSysExit,
                    .handler = "handle_setsockopt",
                    .calls = kSetsockoptCalls,
                    .unseen = kIoUringAlone,
                    .note = "a filter that was refused is read from the caller's memory after the "
                            "call"}},
    {.type = VDT_DNS,
     .event = "dns",
     .lifecycle = false,
     .entries = {},  // packets: however they were sent
     .tracepoint = {.programs = kPackets,
                    .blind = "ports other than 53, TLS, raw sockets' own headers, and over TCP all "
                             "but the first message of a segment",
                    .note = kPacketOwner}},
    {.type = VDT_IMDS,
     .event = "imds",
     .lifecycle = false,
     .entries = {},  // packets: however they were sent
     .tracepoint = {.programs = kPackets,
                    .blind = "what of a request's or answer's head is not in its first segment",
                    .note = kPacketOwner}},
    {.type = VDT_PACKET,
     .event = "packet",
     .lifecycle = false,
     .entries = {},
     // A program that is made from the filters of rules jumps to them.
     .tracepoint = {.programs = kPackets,
                    .handler = "report_packet_in",
                    .entry_handler = "report_packet_out",
                    .blind = kNoSocket,
                    .note = kPacketOwner}},
    {.type = VDT_NETWORK_FLOW_MONITOR,
     .event = "network_flow_monitor",
     .lifecycle = false,
     .entries = {},
     .tracepoint = {.programs = kPackets, .blind = kNoSocket, .note = kPacketOwner}},
};

}  // namespace

std::span<const HookRow> network_hooks() {
    return kRows;
}

}  // namespace vedette::probe
