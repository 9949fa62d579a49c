// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

#include "common/log.h"
#include "system-probe/ebpf/bpf_error.h"
#include "system-probe/ebpf/libbpf_log.h"
#include "system-probe/ebpf/object_bytes.h"
#include "system-probe/ebpf/system_calls.h"
#include "system-probe/ebpf/trampoline_trial.h"

namespace vedette::probe {
namespace {

constexpr std::string_view kNotRoot =
    "the directory of cgroups here is not the host's root: mount the host's /sys/fs/cgroup";

constexpr const char* kPossibleCpus = "/sys/devices/system/cpu/possible";
constexpr size_t kMaxBytes = 4096;
constexpr size_t kMaxAttempts = 64;  // one for each program that may be refused
constexpr uint64_t kMaxRing = 1ULL << 30;

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Result<uint32_t> count_cpus() {
    auto text = read_file(kPossibleCpus, kMaxBytes);
    if (!text)
        return forward_error(text, "counting CPUs");
    const uint32_t count = cpu_count_of(*text);
    if (count == 0)
        return fail(ErrorCode::kInvalid, "{} says \"{}\"", kPossibleCpus, *text);
    return count;
}

Result<> set_map_size(bpf_object& object, const char* name, uint64_t entries) {
    bpf_map* map = bpf_object__find_map_by_name(&object, name);
    if (map == nullptr || bpf_map__set_max_entries(map, static_cast<uint32_t>(entries)) != 0)
        return fail(ErrorCode::kInvalid, "the BPF object has no map {}", name);
    return {};
}

using Names = std::map<std::string, std::string, std::less<>>;

/// The last lines of the verifier's log, on one line.
std::string tail_of(const std::string& log) {
    constexpr size_t kTail = 400;
    std::string tail = log.substr(log.size() > kTail ? log.size() - kTail : 0);
    std::replace(tail.begin(), tail.end(), '\n', ' ');
    return tail;
}

std::string explain_attach_error(int error, const HostFacts& facts) {
    return error == EXDEV ? std::string(kNotRoot)
                          : explain_bpf_error(error, BpfStep::kAttach, facts);
}

/// Of an iterator whose program writes nothing to its file.
void run_silent(const bpf_link* link) {
    const UniqueFd iterator(link != nullptr ? bpf_iter_create(bpf_link__fd(link)) : -1);
    char nothing = 0;
    while (iterator) {
        // EAGAIN: so many elements that the kernel took a break.
        if (::read(iterator.get(), &nothing, sizeof nothing) >= 0 || errno != EAGAIN)
            return;
    }
}

}  // namespace

void BpfObjectClose::operator()(bpf_object* object) const {
    bpf_object__close(object);
}

uint64_t round_ring_size(uint64_t bytes, uint64_t page) {
    return std::bit_ceil(std::clamp(bytes, page, kMaxRing));
}

uint32_t cpu_count_of(std::string_view possible) {
    const size_t end = possible.find_last_of("0123456789");
    if (end == std::string_view::npos)
        return 0;
    const size_t before = possible.find_last_not_of("0123456789", end);
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    uint32_t highest = 0;
    if (std::from_chars(possible.data() + begin, possible.data() + end + 1, highest).ec !=
        std::errc{})
        return 0;
    return highest + 1;
}

/// One try of the whole: either it stands, or `refused` has one program more.
struct LoadedObject::Attempt {
    const HostFacts& facts;
    Names& refused;  ///< program -> reason
    Names& targets;  ///< program -> the kernel function it goes on
    LoadedObject& self;

    Result<> open(const std::vector<std::string>& names) {
        const auto bytes = bpf_object_bytes();
        LIBBPF_OPTS(bpf_object_open_opts, options);
        options.object_name = "vedette";
        self.object_.reset(bpf_object__open_mem(bytes.data(), bytes.size(), &options));
        if (!self.object_)
            return fail_errno(errno, "opening the built-in BPF object");
        for (const auto& [name, reason] : refused) {
            if (find(name) == nullptr)
                return fail(ErrorCode::kInvalid, "there is no BPF program '{}'", printable(name));
        }
        bpf_program* program = nullptr;
        bpf_object__for_each_program(program, self.object_.get()) {
            const char* name = bpf_program__name(program);
            bpf_program__set_autoload(program, contains(names, name));
            const auto target = targets.find(name);
            if (target != targets.end() && contains(names, name))
                bpf_program__set_attach_target(program, 0, target->second.c_str());
        }
        bpf_object& object = *self.object_;
        for (auto& step : {set_map_size(object, "ring", self.ring_bytes_),
                           set_map_size(object, "reserved_ring", self.reserved_ring_bytes_),
                           set_map_size(object, "counters", self.cpus_),
                           set_map_size(object, "gaps", self.cpus_),
                           set_map_size(object, "scratches", self.cpus_ * VDT_SCRATCH_SLOTS)}) {
            if (!step)
                return step;
        }
        return {};
    }

    /// True: loaded. False: a program is in `refused` now.
    Result<bool> load() {
        const LibbpfLog log;
        const int err = -bpf_object__load(self.object_.get());
        if (err == 0)
            return true;
        const std::string culprit = log.failed_program();
        const auto step = culprit.empty() ? BpfStep::kCreateMap : BpfStep::kLoadProgram;
        std::string reason = explain_bpf_error(err, step, facts);
        if (!culprit.empty() && !refused.contains(culprit)) {
            if (err == EACCES || err == EINVAL)
                reason += fmt::format(" ({})", tail_of(log.text()));
            refused.emplace(culprit, std::move(reason));
            return false;
        }
        const auto code =
            err == EPERM || err == EACCES ? ErrorCode::kDenied : ErrorCode::kUnsupported;
        return tl::unexpected<Error>(Error{code, err, "loading the BPF programs: " + reason});
    }

    bool attach_one(std::string_view name) {
        const LibbpfLog log;
        if (self.attached_->attach(name))
            return true;
        refused.emplace(name, explain_attach_error(errno, facts));
        return false;
    }

    /// The programs the dispatcher jumps to must be in place before it runs.
    Result<> fill_handlers() {
        for (const PlannedHook& hook : self.plan_) {
            if (hook.set == nullptr)
                continue;
            for (const auto& [map, handler] :
                 {std::pair("handlers", hook.set->handler),
                  std::pair("entry_handlers", hook.set->entry_handler),
                  std::pair("function_handlers", hook.set->function_handler)}) {
                if (handler.empty())
                    continue;
                if (auto filled = fill_handler(map, handler, hook.set->calls); !filled)
                    return filled;
            }
        }
        return {};
    }

    Result<> fill_handler(const char* map, std::string_view handler,
                          std::span<const vdt_call> calls) {
        const int fd = bpf_program__fd(find(handler));
        for (const uint32_t call : calls) {
            if (bpf_map_update_elem(self.map_fd(map), &call, &fd, BPF_ANY) != 0)
                return fail_errno(errno, "installing {}", handler);
        }
        return {};
    }

    /// What a packet that passed a filter goes on to.
    Result<> fill_packet_steps() {
        for (const auto& [map, name] : {std::pair("packet_steps_in", "report_packet_in"),
                                        std::pair("packet_steps_out", "report_packet_out")}) {
            const bpf_program* program = find(name);
            if (!bpf_program__autoload(program))
                continue;
            const uint32_t step = VDT_STEP_REPORT;
            const int fd = bpf_program__fd(program);
            if (bpf_map_update_elem(self.map_fd(map), &step, &fd, BPF_ANY) != 0)
                return fail_errno(errno, "installing {}", name);
        }
        return {};
    }

    bpf_program* find(std::string_view name) {
        return bpf_object__find_program_by_name(self.object_.get(), std::string(name).c_str());
    }

    bool attach_all() {
        self.attached_.emplace(*self.object_);
        return std::ranges::all_of(needed_programs(self.plan_, [](vdt_type) { return true; }),
                                   [this](const std::string& name) { return attach_one(name); });
    }

    void try_iterator() {
        const auto found = refused.find(kSnapshotProgram);
        if (found != refused.end())
            self.iterator_refusal_ = found->second;
        else if (auto iterator = self.iterate_processes(); !iterator)
            self.iterator_refusal_ = iterator.error().message;
    }
};

Result<LoadedObject> LoadedObject::load(const KernelSourceOptions& options) {
    const HostFacts facts = read_host_facts();
    TrampolineTrial trial(facts);
    Names refused;
    Names targets;
    LoadedObject self;
    auto cpus = count_cpus();
    if (!cpus)
        return forward_error(cpus);
    self.cpus_ = *cpus;
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    self.ring_bytes_ = round_ring_size(options.ring_bytes, page);
    self.reserved_ring_bytes_ = round_ring_size(options.reserved_ring_bytes, page);

    for (const std::string& name : options.disabled_programs)
        refused.emplace(name, "switched off by system_probe_config.disabled_programs");

    const auto refusal = [&](const HookProgram& program) -> std::string {
        const auto found = refused.find(program.name);
        if (found != refused.end())
            return found->second;
        if (program.function.empty())
            return {};
        if (program.call == CallPlace::kItself &&
            !trial.has_function(std::string(program.function)))
            return std::string(kNoSuchCall);
        std::string reason = trial.refusal(program.function, program.parameters, program.call);
        if (!TrampolineTrial::is_function(program.function))
            return reason;
        for (const std::string_view function : {program.function, program.renamed}) {
            if (function.empty() ||
                !trial.refusal(function, program.parameters, program.call).empty())
                continue;
            targets.insert_or_assign(std::string(program.name), std::string(function));
            return {};
        }
        return reason;
    };
    Attempt attempt{facts, refused, targets, self};
    for (size_t i = 0; i < kMaxAttempts; i++) {
        self.attached_.reset();
        self.plan_ = plan_hooks(options, refusal);
        std::vector<std::string> names = programs_of(self.plan_);
        if (!refused.contains(kSnapshotProgram))
            names.emplace_back(kSnapshotProgram);
        if (contains(names, kSocketProgram) && !refused.contains(kSocketSnapshotProgram))
            names.emplace_back(kSocketSnapshotProgram);
        if (auto opened = attempt.open(names); !opened)
            return forward_error(opened);
        auto loaded = attempt.load();
        if (!loaded)
            return forward_error(loaded);
        if (!*loaded)
            continue;
        if (auto filled = attempt.fill_handlers(); !filled)
            return forward_error(filled);
        if (auto filled = attempt.fill_packet_steps(); !filled)
            return forward_error(filled);
        if (!attempt.attach_all())
            continue;
        attempt.try_iterator();
        self.trampolines_attach_again_ = trial.attaches_again();
        return self;
    }
    return fail(ErrorCode::kUnsupported,
                "loading the BPF programs: the kernel refuses too many of them");
}

Result<UniqueFd> LoadedObject::iterate_processes() const {
    const LibbpfLog log;
    const bpf_program* program =
        bpf_object__find_program_by_name(object_.get(), kSnapshotProgram.data());
    const BpfLink link(bpf_program__attach_iter(program, nullptr));
    if (link) {
        if (UniqueFd iterator(bpf_iter_create(bpf_link__fd(link.get()))); iterator)
            return iterator;
    }
    return tl::unexpected<Error>(
        Error{ErrorCode::kUnsupported, errno,
              explain_bpf_error(errno, BpfStep::kAttach, read_host_facts())});
}

bool LoadedObject::detach_one_but(const std::vector<std::string>& programs) {
    const bool detached = attached_->detach_one_but(programs, trampolines_attach_again_);
    own_old_sockets();
    return detached;
}

std::string LoadedObject::attach(const std::vector<std::string>& programs) {
    std::string problems;
    for (const std::string& name : programs) {
        const LibbpfLog log;
        if (attached_->attach(name))
            continue;
        const int error = errno;
        problems += fmt::format("{}{}: {}", problems.empty() ? "" : "; ", name,
                                explain_attach_error(error, read_host_facts()));
    }
    own_old_sockets();
    return problems;
}

void LoadedObject::own_old_sockets() {
    const bool new_are_owned = attached_->find(kSocketProgram) != nullptr;
    if (std::exchange(old_sockets_owned_, new_are_owned) || !new_are_owned)
        return;
    const LibbpfLog log;
    bpf_program* program =
        bpf_object__find_program_by_name(object_.get(), kSocketSnapshotProgram.data());
    if (!bpf_program__autoload(program))
        return;
    const BpfLink link(bpf_program__attach_iter(program, nullptr));
    run_silent(link.get());
}

void LoadedObject::run_capabilities() const {
    run_silent(attached_->find(kCapabilitiesProgram));
}

int LoadedObject::map_fd(const char* name) const {
    return bpf_object__find_map_fd_by_name(object_.get(), name);
}

std::vector<ProgramCost> LoadedObject::program_costs() const {
    std::vector<ProgramCost> costs;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
        bpf_prog_info info{};
        uint32_t size = sizeof info;
        const int fd = bpf_program__fd(program);
        if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
            costs.push_back({bpf_program__name(program), info.verified_insns});
    }
    return costs;
}

uint64_t LoadedObject::map_bytes() const {
    uint64_t total = 0;
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_.get()) {
        if (bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF)
            total += uint64_t{bpf_map__value_size(map)} * bpf_map__max_entries(map);
    }
    return total;
}

}  // namespace vedette::probe
