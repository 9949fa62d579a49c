// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/variable_view.h"

#include <sys/random.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace vedette::engine {

std::string random_uuid4() {
    std::array<uint8_t, 16> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        std::abort();
    bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out += '-';
        out += kDigits[bytes[i] >> 4];
        out += kDigits[bytes[i] & 15];
    }
    return out;
}

void VariableView::read(uint32_t number, const secl::EvalContext& context,
                        secl::StringList& strings, secl::IntList& ints) const {
    const secl::Variable& variable = binding_.table->at(number);
    switch (variable.builtin) {
        case secl::Variable::Builtin::kProcessPid:
            ints.push_back(source_.pid());
            return;
        case secl::Variable::Builtin::kUuid4: {
            const std::string uuid = uuid4_();
            char* text = static_cast<char*>(context.scratch->allocate(uuid.size() + 1, 1));
            std::memcpy(text, uuid.data(), uuid.size());
            strings.emplace_back(text, uuid.size());
            return;
        }
        case secl::Variable::Builtin::kNone:
            break;
    }
    if (store_.read(binding_, number, source_, context.now_ns, strings, ints) || variable.is_list)
        return;
    for (const std::string& text : variable.default_value.strings)
        strings.push_back(text);
    for (const int64_t value : variable.default_value.ints)
        ints.push_back(value);
}

}  // namespace vedette::engine
