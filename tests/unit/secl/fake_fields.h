// SPDX-License-Identifier: Apache-2.0
//
// A field table of its own for the language's tests: every kind of field, and objects that hold whatever a test
// puts into them. Nothing of the real event model.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/eval_context.h"
#include "security-agent/secl/field.h"
#include "security-agent/secl/variables.h"

namespace vedette::secl::test {

inline constexpr size_t kMaxFakeFields = 24;
inline constexpr EventTypeId kExec = 1;
inline constexpr EventTypeId kOpen = 2;
inline constexpr EventTypeId kConnect = 3;
inline constexpr EventTypeId kFirstFimEvent = 4;  ///< chmod, chown, link, rename, unlink, utimes

/// Values by position in the table of its fields; a scalar is the first of its list.
struct FakeObject {
    std::array<int64_t, kMaxFakeFields> ints{};
    std::array<std::vector<int64_t>, kMaxFakeFields> int_lists;
    std::array<std::vector<std::string>, kMaxFakeFields> strings;
    std::vector<std::string> other_paths;  ///< alternatives of file.path
    bool pending = false;                  ///< container.id is not known yet
};

struct FakeEvent {
    EventTypeId type = kOpen;
    FakeObject event;
    FakeObject process;
    FakeObject parent;
    std::vector<FakeObject> ancestors;
    std::vector<FakeObject> flows;
    std::map<std::string, VariableValue> variables;  ///< by name; others have their default
    int64_t now_ns = 1'000'000'000'000;

    /// By full field name; for ancestors and flows "process.ancestors.x" sets the last one. False: no such field.
    bool set_int(std::string_view field, int64_t value);
    bool set_int_list(std::string_view field, std::vector<int64_t> values);
    bool set_strings(std::string_view field, std::vector<std::string> values);

   private:
    FakeObject* object_of(std::string_view field, size_t& position);
};

const FieldTable& fake_table();

/// ${text} ${num} ${flag} ${ip} ${process.names} (strings) ${process.nums} (numbers) ${cgroup.nets} (addresses).
const VariableTable& fake_variables();

/// Context of one evaluation; valid while the event is.
class FakeContext : private VariableReader {
   public:
    explicit FakeContext(const FakeEvent& event);
    FakeContext(const FakeContext&) = delete;
    FakeContext& operator=(const FakeContext&) = delete;
    const EvalContext& get() const { return context_; }
    /// Forgets what getters computed, as between two events.
    void release() { scratch_.release(); }

    void settle() { context_.settle = true; }

   private:
    void read(uint32_t number, const EvalContext& context, StringList& strings,
              IntList& ints) const override;
    static std::span<const void* const> elements(const EvalContext& context, Subject iterator);

    const FakeEvent& event_;
    std::array<std::byte, 65536> buffer_{};
    std::pmr::monotonic_buffer_resource scratch_;
    std::vector<const void*> ancestors_;
    std::vector<const void*> flows_;
    EvalContext context_;
};

/// "10.0.0.1" as the bytes an event holds; "" for "".
std::string ip_bytes(std::string_view text);

}  // namespace vedette::secl::test
