// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/constants.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "security-agent/secl/constant_tables.h"

namespace vedette::secl {
namespace {

constexpr int kMaxErrno = 4095;  // MAX_ERRNO of the kernel
constexpr int kMaxSignal = 31;   // the named ones; real-time signals have numbers only

class Table {
   public:
    Table() {
        add("true", 1, "boolean", true);
        add("false", 0, "boolean", true);
        add_errno();
        add_signals();
        for (const auto families : {tables::libc_families(), tables::kernel_families()}) {
            for (const tables::Family& family : families) {
                for (const tables::Entry& entry : family.entries) {
                    add(entry.name, entry.value, family.name);
                }
            }
        }
        const auto by_name = [](const Constant& a, const Constant& b) { return a.name < b.name; };
        std::stable_sort(all_.begin(), all_.end(), by_name);
        const auto same_name = [](const Constant& a, const Constant& b) {
            return a.name == b.name;
        };
        all_.erase(std::unique(all_.begin(), all_.end(), same_name), all_.end());
    }

    std::span<const Constant> all() const { return all_; }

   private:
    void add(std::string_view name, int64_t value, std::string_view family, bool is_bool = false) {
        all_.push_back({name, value, family, is_bool});
    }

    std::string_view keep(std::string name) { return names_.emplace_back(std::move(name)); }

    // A system call that fails returns the negative number.
    void add_errno() {
        for (int number = 1; number < kMaxErrno; ++number) {
            if (const char* name = strerrorname_np(number)) {
                add(name, -number, "errno");
            }
        }
        add("EWOULDBLOCK", -EWOULDBLOCK, "errno");
        add("EDEADLOCK", -EDEADLOCK, "errno");
        add("EOPNOTSUPP", -EOPNOTSUPP, "errno");
        add("ENOTSUP", -ENOTSUP, "errno");
    }

    void add_signals() {
        for (int number = 1; number <= kMaxSignal; ++number) {
            if (const char* name = sigabbrev_np(number)) {
                add(keep(std::string("SIG") + name), number, "signal");
            }
        }
        add("SIGIOT", SIGIOT, "signal");
        add("SIGIO", SIGIO, "signal");
        add("SIGPOLL", SIGPOLL, "signal");
        add("SIGCLD", SIGCHLD, "signal");
        add("SIGUNUSED", SIGSYS, "signal");
    }

    std::deque<std::string> names_;
    std::vector<Constant> all_;
};

const Table& table() {
    static const Table kTable;
    return kTable;
}

}  // namespace

const Constant* find_constant(std::string_view name) {
    const auto all = table().all();
    const auto at =
        std::lower_bound(all.begin(), all.end(), name,
                         [](const Constant& c, std::string_view n) { return c.name < n; });
    return at != all.end() && at->name == name ? &*at : nullptr;
}

std::span<const Constant> constants() {
    return table().all();
}

}  // namespace vedette::secl
