// SPDX-License-Identifier: Apache-2.0
//
// Any text as a packet filter, and any bytes as what libpcap might have made of one: no crash, no jump out of bounds, and
// no question to a name server. Without libFuzzer the corpus runs in unit_fuzz_filter.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/bpf.h>
#include <netdb.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "bpf/abi/programs.h"
#include "common/packet_filter.h"
#include "system-probe/filters/packet_program.h"

using namespace vedette;
using namespace vedette::probe;

// In place of the C library's, for libpcap: an address as text needs no name server.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** out) {
    in6_addr address{};
    if (node != nullptr && inet_pton(AF_INET, node, &address) != 1 &&
        inet_pton(AF_INET6, node, &address) != 1)
        std::abort();
    static const auto original =
        reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return original(node, service, hints, out);
}

namespace {

void check_jumps(const std::vector<bpf_insn>& program) {
    for (size_t i = 0; i < program.size(); ++i) {
        const unsigned kind = BPF_CLASS(program[i].code);
        const bool jumps = (kind == BPF_JMP || kind == BPF_JMP32) &&
                           BPF_OP(program[i].code) != BPF_CALL &&
                           BPF_OP(program[i].code) != BPF_EXIT;
        if (jumps &&
            (program[i].off < 0 || i + 1 + static_cast<size_t>(program[i].off) >= program.size()))
            std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto compiled = compile_packet_filter({reinterpret_cast<const char*>(data), size});
    if (compiled) {
        const auto program = make_packet_program(std::span(&*compiled, 1), 0, 3);
        if (!program)
            std::abort();  // what libpcap makes can be run
        check_jumps(*program);
    }
    ClassicProgram odd(size / sizeof(ClassicInstruction));
    if (!odd.empty())
        std::memcpy(odd.data(), data, odd.size() * sizeof(ClassicInstruction));
    if (const auto program = make_packet_program(std::span(&odd, 1), 0, 3))
        check_jumps(*program);
    return 0;
}
