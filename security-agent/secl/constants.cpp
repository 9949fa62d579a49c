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

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    });
    return out;
}

class Table {
   public:
    Table() {
        add_booleans();
        add_errno();
        for (const auto families : {tables::file_families(), tables::process_families(),
                                    tables::socket_families(), tables::network_families()}) {
            add_all(families);
        }
        add_signals();
        add_all(tables::bpf_families());
        add_bpf_helpers();
        sort_all();
    }

    std::span<const Constant> all() const { return all_; }
    std::span<const ConstantFamily> families() const { return families_; }

   private:
    void add_all(std::span<const tables::Family> families) {
        for (const tables::Family& family : families) {
            begin(family.name, family.doc);
            for (const tables::Entry& entry : family.entries) {
                add(entry.name, entry.value);
            }
        }
    }

    void begin(std::string_view family, std::string_view doc) {
        members_.emplace_back();
        families_.push_back({family, doc, {}});
    }

    void add(std::string_view name, int64_t value, bool is_bool = false) {
        members_.back().push_back({name, value, families_.back().name, is_bool});
        families_.back().constants = members_.back();
    }

    std::string_view keep(std::string name) { return names_.emplace_back(std::move(name)); }

    void add_booleans() {
        begin("boolean", "Booleans");
        add("true", 1, true);
        add("false", 0, true);
    }

    // A system call that fails returns the negative number.
    void add_errno() {
        begin("errno", "Errors of system calls, negative as they return them");
        for (int number = 1; number < kMaxErrno; ++number) {
            if (const char* name = strerrorname_np(number)) {
                add(name, -number);
            }
        }
        add("EWOULDBLOCK", -EWOULDBLOCK);
        add("EDEADLOCK", -EDEADLOCK);
        add_missing("EOPNOTSUPP", -EOPNOTSUPP);
        add_missing("ENOTSUP", -ENOTSUP);
    }

    // libc knows one of the two by number; which one is not fixed.
    void add_missing(std::string_view name, int64_t value) {
        const auto& family = members_.back();
        if (std::none_of(family.begin(), family.end(),
                         [name](const Constant& c) { return c.name == name; })) {
            add(name, value);
        }
    }

    void add_signals() {
        begin("signal", "Signals");
        for (int number = 1; number <= kMaxSignal; ++number) {
            if (const char* name = sigabbrev_np(number)) {
                add(keep(std::string("SIG") + name), number);
            }
        }
        add("SIGIOT", SIGIOT);
        add_missing("SIGIO", SIGIO);
        add_missing("SIGPOLL", SIGPOLL);
        add("SIGCLD", SIGCHLD);
        add("SIGUNUSED", SIGSYS);
    }

    void add_bpf_helpers() {
        begin("bpf_helper", "Helper functions of BPF programs");
        for (const tables::Entry& entry : tables::bpf_helpers()) {
            add(keep(upper(entry.name)), entry.value);
        }
    }

    void sort_all() {
        for (const auto& family : members_) {
            all_.insert(all_.end(), family.begin(), family.end());
        }
        std::stable_sort(all_.begin(), all_.end(),
                         [](const Constant& a, const Constant& b) { return a.name < b.name; });
        const auto end =
            std::unique(all_.begin(), all_.end(),
                        [](const Constant& a, const Constant& b) { return a.name == b.name; });
        all_.erase(end, all_.end());
    }

    std::deque<std::string> names_;
    std::deque<std::vector<Constant>> members_;  // of each family
    std::vector<ConstantFamily> families_;
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

std::span<const ConstantFamily> constant_families() {
    return table().families();
}

const ConstantFamily* find_constant_family(std::string_view name) {
    const auto families = constant_families();
    const auto at = std::find_if(families.begin(), families.end(),
                                 [name](const ConstantFamily& f) { return f.name == name; });
    return at == families.end() ? nullptr : &*at;
}

std::string_view constant_name(std::string_view family, int64_t value) {
    const ConstantFamily* const found = find_constant_family(family);
    if (found == nullptr) {
        return {};
    }
    const auto at = std::find_if(found->constants.begin(), found->constants.end(),
                                 [value](const Constant& c) { return c.value == value; });
    return at == found->constants.end() ? std::string_view() : at->name;
}

}  // namespace vedette::secl
