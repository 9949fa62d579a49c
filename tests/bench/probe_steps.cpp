// SPDX-License-Identifier: Apache-2.0
//
// What a record costs the probe, in instructions: decoded, resolved, tested whether a rule can match, encoded. Each kind of
// work by itself, on records that are built here and are the same every time.
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <vector>

#include "common/log.h"
#include "system-probe/decode/decoder.h"
#include "system-probe/filters/lifecycle_filter.h"
#include "system-probe/resolvers/process_resolver.h"
#include "system-probe/stream/batcher.h"
#include "tests/bench/steps.h"
#include "tests/unit/system_probe/records.h"

namespace vedette::probe {
namespace {

using bench::Step;
using test::as_record;
using test::builder;
using test::Bytes;
using test::bytes_of;
using test::exec_record;
using test::exit_record;
using test::fork_record;
using test::image;
using test::kSecond;
using test::open_record;
using test::snapshot_record;

constexpr int kBatches = 8;
constexpr int kRecords = 500;  // of a batch: just under Batcher::kMaxEvents
constexpr uint32_t kActor = 100;

/// Process changes wait here until they are encoded, so that this is not counted as resolving.
struct HeldNodes final : NodeSink {
    struct Change {
        const Image* image;
        bool ended;
    };
    std::vector<Change> changes;
    std::vector<uint64_t> forgotten;
    void changed(const Image& image) override { changes.push_back({&image, false}); }
    void ended(const Image& image) override { changes.push_back({&image, true}); }
    void gone(const Image& image) override { forgotten.push_back(image.key); }
};

/// Pieces of the default policy's rules on exec: none of them is in the records here.
v1::FilterPlan default_plan() {
    v1::FilterPlan plan;
    plan.set_lifecycle(true);
    v1::TypeFilter& execs = *plan.add_types();
    execs.set_event_type(v1::Event::kExecFieldNumber);
    execs.set_deny(true);
    const auto add = [&](v1::Approver::Kind kind, const char* field,
                         std::initializer_list<const char*> texts) {
        for (const char* text : texts) {
            v1::Approver& approver = *execs.add_approvers();
            approver.set_kind(kind);
            approver.set_field(field);
            approver.set_text(text);
        }
    };
    add(v1::Approver::KIND_BASENAME, "exec.file.name",
        {"busybox", "nc", "nc.openbsd", "nc.traditional", "ncat", "netcat", "socat"});
    add(v1::Approver::KIND_BASENAME_PREFIX, "exec.file.name", {"memfd:"});
    add(v1::Approver::KIND_PATH_PREFIX, "exec.file.path",
        {"/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/", "/run/lock/"});
    add(v1::Approver::KIND_BASENAME, "process.parent.file.name",
        {"nginx", "apache2", "httpd", "caddy", "haproxy", "mysqld", "postgres", "smbd"});
    add(v1::Approver::KIND_CONTAINS, "exec.args",
        {"/dev/tcp/", "/dev/udp/", "stratum+tcp://", "stratum+ssl://", "--donate-level",
         "unset HISTFILE", "set +o history", "fsockopen", "pty.spawn"});
    add(v1::Approver::KIND_TEXT, "exec.argv", {"insmod", "modprobe"});
    add(v1::Approver::KIND_CONTAINS, "exec.argv0", {"/insmod", "/modprobe"});
    add(v1::Approver::KIND_TEXT, "exec.envp", {"HISTSIZE=0", "HISTFILESIZE=0"});
    add(v1::Approver::KIND_CONTAINS, "exec.envp", {"LD_PRELOAD=", "LD_LIBRARY_PATH=/tmp/"});
    return plan;
}

/// As in the pipeline, without its thread. Names of users are unknown, so that no host's are looked up.
struct Chain {
    Chain() {
        filter.apply(default_plan());
        run(snapshot_record(image(1), image(0), 1));
        run(snapshot_record(image(kActor), image(1), 2, "/usr/bin/workload"));
        batcher.flush();
        acknowledge();
    }

    void parse(const Bytes& record) {
        if (!decode(as_record(record), decoded))
            std::abort();
    }
    void resolve() {
        named = resolver.apply(decoded);
        resolver.named_by(batcher.next_sequence());
    }
    void test() { filter.passes(decoded.type(), named.acting); }
    void encode() {
        for (const auto& change : held.changes)
            change.ended ? batcher.ended(*change.image) : batcher.changed(*change.image);
        for (const uint64_t key : held.forgotten) {
            Image image;
            image.key = key;
            batcher.gone(image);
        }
        held.changes.clear();
        held.forgotten.clear();
        if (decoded.event.payload_case() != v1::Event::PAYLOAD_NOT_SET)
            batcher.add_event(decoded.event);
    }
    /// Its changes are encoded with the next record, as they are true from then on.
    void after_event() { resolver.after_event(); }
    void run(const Bytes& record) {
        parse(record);
        resolve();
        encode();
        after_event();
    }
    void acknowledge() { queue.acknowledge(batcher.next_sequence() - 1); }

    Names names{NameTable("/dev/null"), NameTable("/dev/null")};
    BatchQueue queue{size_t{64} << 20};
    Batcher batcher{queue, names};
    WallClock clock{[] { return int64_t{1'700'000'000'000'000'000}; }};
    HeldNodes held;
    ProcessResolver resolver{{}, clock, names, held};
    LifecycleFilter filter;
    ProcessResolver::Named named;
    Decoded decoded;
};

/// The records of operation number `n`, in order.
using Operation = std::function<std::vector<Bytes>(uint32_t n)>;

std::vector<Bytes> open(uint32_t n) {
    return {open_record(image(kActor), 10 * kSecond + n,
                        "/dev/shm/bench/level0/level1/level2/level3/target.dat")};
}

std::vector<Bytes> connect(uint32_t n) {
    auto record = builder<vdt_connect>(VDT_CONNECT, image(kActor), 10 * kSecond + n);
    record.fixed.family = 2;
    record.fixed.port = 443;
    return {bytes_of(record)};
}

/// fork, exec and exit of a process that has not been there before.
std::vector<Bytes> exec(uint32_t n) {
    const uint32_t pid = 1000 + n;
    const uint64_t start = 10 * kSecond + n * 1000;
    const auto forked = image(pid, 0, start);
    const auto executed = image(pid, 1, start);
    return {fork_record(forked, image(kActor), start),
            exec_record(executed, image(kActor), start + 100), exit_record(executed, start + 200)};
}

enum class Work : uint8_t { kDecode, kResolve, kFilter, kEncode };

void measure(const std::string& name, Work counted, const Operation& operation) {
    Chain chain;
    uint32_t next = 0;
    const auto batch = [&](Step* step) {
        const auto marked = [&](Work work, const auto& run) {
            if (step != nullptr && work == counted)
                step->begin();
            run();
            if (step != nullptr && work == counted)
                step->end();
        };
        for (int i = 0; i < kRecords; ++i) {
            for (const Bytes& record : operation(next)) {
                marked(Work::kDecode, [&] { chain.parse(record); });
                marked(Work::kResolve, [&] { chain.resolve(); });
                marked(Work::kFilter, [&] { chain.test(); });
                marked(Work::kEncode, [&] { chain.encode(); });
                marked(Work::kResolve, [&] { chain.after_event(); });
            }
            ++next;
        }
        marked(Work::kEncode, [&] { chain.batcher.flush(); });
        chain.acknowledge();
        const uint64_t now = 10 * kSecond + uint64_t{next} * 1000 + 60 * kSecond;
        marked(Work::kResolve, [&] { chain.resolver.expire(now, chain.batcher.next_sequence()); });
    };
    batch(nullptr);  // what is only made once is there then
    Step step(name);
    for (int i = 0; i < kBatches; ++i)
        batch(&step);
    step.done(kBatches * kRecords);
}

void measure_all() {
    const std::pair<const char*, Operation> operations[] = {
        {"open", open}, {"connect", connect}, {"exec", exec}};
    const std::pair<const char*, Work> kinds[] = {
        {"decode", Work::kDecode}, {"resolve", Work::kResolve}, {"encode", Work::kEncode}};
    for (const auto& [kind, work] : kinds)
        for (const auto& [name, operation] : operations)
            measure(std::string(kind) + "." + name, work, operation);
    measure("filter.exec", Work::kFilter, exec);
}

}  // namespace
}  // namespace vedette::probe

int main() {
    vedette::probe::measure_all();
    return 0;
}
