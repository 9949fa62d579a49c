// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the head of a request, a form and a Host header: any local process reaches these parsers. Without
// libFuzzer the corpus runs in unit_fuzz_http.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "security-agent/api/http.h"

using namespace vedette::api;

namespace {

constexpr size_t kMaxBody = 1000;

bool plain(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto parsed = parse_head(bytes, kMaxBody);
    if (const auto* head = std::get_if<RequestHead>(&parsed)) {
        if (head->content_length > kMaxBody || !head->request.path.starts_with('/') ||
            !head->request.header("transfer-encoding").empty())
            std::abort();
        for (const auto& [name, value] : head->request.headers)
            if (name.empty() || !plain(name) || !plain(value))
                std::abort();
    } else if (const int status = std::get<Response>(parsed).status; status < 400 || status > 599) {
        std::abort();
    }
    std::map<std::string, std::string, std::less<>> form;
    if (parse_form(bytes, form) && form.size() > 64)
        std::abort();
    (void)host_allowed(bytes, "127.0.0.1");
    return 0;
}
