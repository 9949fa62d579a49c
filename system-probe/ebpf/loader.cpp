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

struct MapSizes {
    uint32_t cpus = 1;
    uint64_t ring_bytes = 0;
    uint64_t reserved_ring_bytes = 0;
};

tl::unexpected<Error> loading_failed(int error, const std::string& reason) {
    const auto code =
        error == EPERM || error == EACCES ? ErrorCode::kDenied : ErrorCode::kUnsupported;
    return tl::unexpected<Error>(Error{code, error, "loading the BPF programs: " + reason});
}

/// An object that is nothing but its maps.
Result<BpfObject> make_maps(const MapSizes& sizes, const HostFacts& facts) {
    const LibbpfLog quiet;
    auto object = open_built_in_object();
    if (!object)
        return object;
    for (auto& step : {set_map_size(**object, "ring", sizes.ring_bytes),
                       set_map_size(**object, "reserved_ring", sizes.reserved_ring_bytes),
                       set_map_size(**object, "counters", sizes.cpus),
                       set_map_size(**object, "gaps", sizes.cpus),
                       set_map_size(**object, "scratches", sizes.cpus * VDT_SCRATCH_SLOTS)}) {
        if (!step)
            return tl::unexpected<Error>(step.error());
    }
    if (const int error = -bpf_object__load(object->get()); error != 0)
        return loading_failed(error, explain_bpf_error(error, BpfStep::kCreateMap, facts));
    return object;
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

/// What the kernel says of each program that is loaded.
void for_each_info(const ObjectParts& parts,
                   const std::function<void(const char* name, const bpf_prog_info&)>& use) {
    parts.for_each_program([&use](const bpf_program& program) {
        bpf_prog_info info{};
        uint32_t size = sizeof info;
        if (bpf_obj_get_info_by_fd(bpf_program__fd(&program), &info, &size) == 0)
            use(bpf_program__name(&program), info);
    });
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

/// One try of the whole: either it stands, or `refused` has more programs.
struct LoadedObject::Attempt {
    const HostFacts& facts;
    Names& refused;  ///< program -> reason
    Names& targets;  ///< program -> the kernel function it goes on
    LoadedObject& self;

    Result<> open(const bpf_object& maps, const std::vector<std::string>& names) {
        for (const auto& [name, reason] : refused) {
            if (bpf_object__find_program_by_name(&maps, name.c_str()) == nullptr)
                return fail(ErrorCode::kInvalid, "there is no BPF program '{}'", printable(name));
        }
        auto parts = ObjectParts::open(maps, names);
        if (!parts)
            return forward_error(parts);
        self.parts_ = std::make_unique<ObjectParts>(std::move(*parts));
        for (const auto& [name, function] : targets) {
            if (bpf_program* program = self.parts_->find_program(name); program != nullptr)
                bpf_program__set_attach_target(program, 0, function.c_str());
        }
        return {};
    }

    /// True: loaded. False: more programs are in `refused` now.
    Result<bool> load() {
        const size_t before = refused.size();
        const auto failures = self.parts_->load();
        for (const LoadFailure& failure : failures) {
            if (!failure.program.empty())
                refused.emplace(failure.program, explain(failure));
        }
        if (!failures.empty() && refused.size() == before)
            return loading_failed(failures.front().error, explain(failures.front()));
        return failures.empty();
    }

    std::string explain(const LoadFailure& failure) const {
        std::string reason = explain_bpf_error(failure.error, BpfStep::kLoadProgram, facts);
        if (failure.program.empty() || failure.error == EACCES || failure.error == EINVAL)
            reason += fmt::format(" ({})", tail_of(failure.log));
        return reason;
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
        const int fd = bpf_program__fd(self.parts_->find_program(handler));
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
            const bpf_program* program = self.parts_->find_program(name);
            if (program == nullptr)
                continue;
            const uint32_t step = VDT_STEP_REPORT;
            const int fd = bpf_program__fd(program);
            if (bpf_map_update_elem(self.map_fd(map), &step, &fd, BPF_ANY) != 0)
                return fail_errno(errno, "installing {}", name);
        }
        return {};
    }

    /// False: more programs are in `refused` now.
    bool attach_all() {
        const size_t before = refused.size();
        self.attached_.emplace(*self.parts_);
        for (const std::string& name : needed_programs(self.plan_, [](vdt_type) { return true; })) {
            const LibbpfLog log;
            if (!self.attached_->attach(name))
                refused.emplace(name, explain_attach_error(errno, facts));
        }
        return refused.size() == before;
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

    // In the while it is found out which programs there will be.
    const auto make = [&] {
        return make_maps({self.cpus_, self.ring_bytes_, self.reserved_ring_bytes_}, facts);
    };
    auto making = start_beside(make);
    BpfObject maps;

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
        self.parts_.reset();  // with the maps it keeps: there are never two sets
        self.plan_ = plan_hooks(options, refusal);
        if (!maps) {
            auto made = making.valid() ? making.get() : make();
            if (!made)
                return forward_error(made);
            maps = std::move(*made);
        }
        std::vector<std::string> names = programs_of(self.plan_);
        if (!refused.contains(kSnapshotProgram))
            names.emplace_back(kSnapshotProgram);
        if (contains(names, kSocketProgram) && !refused.contains(kSocketSnapshotProgram))
            names.emplace_back(kSocketSnapshotProgram);
        if (auto opened = attempt.open(*maps, names); !opened)
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
        if (!attempt.attach_all()) {
            maps.reset();  // programs ran: what they wrote is of a time that is not followed
            continue;
        }
        attempt.try_iterator();
        self.trampolines_attach_again_ = trial.attaches_again();
        return self;
    }
    return fail(ErrorCode::kUnsupported,
                "loading the BPF programs: the kernel refuses too many of them");
}

Result<UniqueFd> LoadedObject::iterate_processes() const {
    const LibbpfLog log;
    const bpf_program* program = parts_->find_program(kSnapshotProgram);
    if (program == nullptr)
        return fail(ErrorCode::kUnsupported, "{}", iterator_refusal_);
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
    const bpf_program* program = parts_->find_program(kSocketSnapshotProgram);
    if (program == nullptr)
        return;
    const BpfLink link(bpf_program__attach_iter(program, nullptr));
    run_silent(link.get());
}

void LoadedObject::run_capabilities() const {
    run_silent(attached_->find(kCapabilitiesProgram));
}

int LoadedObject::map_fd(const char* name) const {
    return parts_->map_fd(name);
}

std::vector<ProgramCost> LoadedObject::program_costs() const {
    std::vector<ProgramCost> costs;
    for_each_info(*parts_, [&costs](const char* name, const bpf_prog_info& info) {
        costs.push_back({name, info.verified_insns});
    });
    return costs;
}

std::vector<ProgramRuns> LoadedObject::program_runs() const {
    std::vector<ProgramRuns> runs;
    for_each_info(*parts_, [&runs](const char* name, const bpf_prog_info& info) {
        runs.push_back({name, info.run_cnt, info.run_time_ns, info.recursion_misses});
    });
    return runs;
}

uint64_t LoadedObject::map_bytes() const {
    uint64_t total = 0;
    parts_->for_each_map([&total](const bpf_map& map) {
        if (bpf_map__type(&map) != BPF_MAP_TYPE_RINGBUF)
            total += uint64_t{bpf_map__value_size(&map)} * bpf_map__max_entries(&map);
    });
    return total;
}

}  // namespace vedette::probe
