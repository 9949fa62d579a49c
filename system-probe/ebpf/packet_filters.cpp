// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/packet_filters.h"

#include <bpf/bpf.h>

#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "bpf/abi/programs.h"
#include "common/log.h"
#include "common/os/fd.h"
#include "common/packet_filter.h"
#include "system-probe/filters/packet_program.h"

namespace vedette::probe {
namespace {

static_assert(kMaxFilterText == VDT_FILTER_TEXT_MAX);

void add(std::string& problems, const std::string& problem) {
    if (!problems.empty())
        problems += "; ";
    problems += problem;
}

Result<> load_step(const std::vector<bpf_insn>& program, bpf_attach_type direction, int steps) {
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = direction);
    const UniqueFd fd(bpf_prog_load(BPF_PROG_TYPE_CGROUP_SKB, "packet_filters", "Dual BSD/GPL",
                                    program.data(), program.size(), &options));
    if (!fd)
        return fail_errno(errno, "loading packet filters of {} instructions", program.size());
    const uint32_t step = VDT_STEP_FILTERS;
    const int value = fd.get();
    if (bpf_map_update_elem(steps, &step, &value, BPF_ANY) != 0)
        return fail_errno(errno, "installing packet filters");
    return {};
}

}  // namespace

struct PacketFilters::Set {
    std::vector<std::string> texts;
    uint32_t first_slot = 0;
    std::vector<bpf_insn> in;
    std::vector<bpf_insn> out;
};

void PacketFilters::try_out() {
    post_ = [](const std::function<void()>& job) {
        job();
        return true;
    };
    apply({"tcp[((tcp[12] & 0xf0) >> 2):2] % 7 == len << (ip[1] & 3) or ip6 proto 58"});
    post_ = nullptr;
    expressions_.clear();
}

void PacketFilters::apply(const std::vector<std::string>& expressions) {
    if (!post_ || expressions.empty() || expressions == expressions_)
        return;
    expressions_ = expressions;
    std::string problems;
    auto set = std::make_shared<Set>();
    std::vector<ClassicProgram> programs;
    for (const std::string& text : expressions) {
        auto program = compile_packet_filter(text);
        if (!program) {
            add(problems,
                fmt::format("packet filter '{}': {}", printable(text), program.error().message));
        } else if (programs.size() == VDT_PACKET_FILTERS) {
            add(problems, fmt::format("packet filter '{}': there are {} already", printable(text),
                                      VDT_PACKET_FILTERS));
        } else {
            programs.push_back(std::move(*program));
            set->texts.push_back(text);
        }
    }
    second_half_ = !second_half_;
    set->first_slot = second_half_ ? VDT_PACKET_FILTERS : 0;
    auto in = make_packet_program(programs, set->first_slot, maps_.steps_in);
    auto out = make_packet_program(programs, set->first_slot, maps_.steps_out);
    if (!in || !out) {
        add(problems, in ? out.error().message : in.error().message);
        return report(std::move(problems));
    }
    set->in = std::move(*in);
    set->out = std::move(*out);
    ++waiting_;
    const bool posted = post_([this, set, problems]() mutable {
        if (auto loaded = load(*set); !loaded)
            add(problems, loaded.error().message);
        report(std::move(problems));
        --waiting_;
    });
    if (!posted) {
        --waiting_;
        report("packet filters: too much waits for the privileged thread");
    }
}

/// On the privileged thread. The texts first: no packet finds a slot that is not filled.
Result<> PacketFilters::load(const Set& set) const {
    uint32_t slot = set.first_slot;
    for (const std::string& text : set.texts) {
        vdt_packet_filter filter{};
        filter.rate = rate_;
        filter.len = static_cast<uint32_t>(text.size());
        std::memcpy(filter.text, text.data(), text.size());
        if (bpf_map_update_elem(maps_.filters, &slot, &filter, BPF_ANY) != 0)
            return fail_errno(errno, "writing a packet filter");
        ++slot;
    }
    if (auto loaded = load_step(set.in, BPF_CGROUP_INET_INGRESS, maps_.steps_in); !loaded)
        return loaded;
    return load_step(set.out, BPF_CGROUP_INET_EGRESS, maps_.steps_out);
}

void PacketFilters::report(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
}

std::string PacketFilters::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

}  // namespace vedette::probe
