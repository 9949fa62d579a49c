// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a packet carries: whoever can send one to this host reaches these parsers, which run as root. Without
// libFuzzer the corpus runs in unit_fuzz_packet.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "system-probe/packets/dns_message.h"
#include "system-probe/packets/http_head.h"
#include "system-probe/packets/imds.h"
#include "system-probe/packets/socket_filter.h"
#include "system-probe/packets/tls_version.h"
#include "vedette/v1/event.pb.h"

using namespace vedette::probe;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto message = parse_dns_message(bytes);
        message &&
        (message->addresses.size() > DnsMessage::kMaxAddresses ||
         message->aliases.size() > DnsMessage::kMaxAliases || message->name.size() > 510))
        std::abort();
    if (const auto head = parse_http_head(bytes);
        head && head->headers.size() > HttpHead::kMaxHeaders)
        std::abort();
    if (const auto version = tls_version(bytes);
        version != 0 && (version < 0x300 || version > 0x304))
        std::abort();
    vedette::v1::Imds imds;
    fill_imds(imds, bytes);
    if (read_socket_filter(bytes).text.size() > SocketFilter::kMaxText)
        std::abort();
    return 0;
}
