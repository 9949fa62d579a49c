// SPDX-License-Identifier: Apache-2.0
//
// Approvers are a necessary condition of a rule: whatever a rule matches, the kernel lets through.
#include "security-agent/secl/filter_plan.h"

#include <fmt/format.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "security-agent/secl/rule_set.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/named_fields.h"
#include "tests/unit/secl/support.h"

namespace vedette::secl::test {
namespace {

struct Planned {
    std::vector<RuleSource> sources;
    CompiledRules compiled;
    FilterPlan plan;
};

Planned plan_of(const std::vector<std::string>& expressions) {
    Planned out;
    std::vector<std::string> ids;
    for (const std::string& expression : expressions) {
        ids.push_back("r" + std::to_string(ids.size()));
        out.sources.push_back(rule(ids.back(), expression));
    }
    out.compiled = compile_rules(out.sources, {}, named_table());
    INFO(render(out.compiled.diagnostics));
    REQUIRE(out.compiled.diagnostics.errors() == 0);
    out.plan = plan_filters(out.compiled.bound, ids, named_table());
    return out;
}

/// "open.file.name=passwd(basename), ...", or "accept: reason".
std::string approvers(const std::string& expression) {
    const Planned planned = plan_of({expression});
    REQUIRE(planned.plan.events.size() == 1);
    const EventFilter& filter = planned.plan.events.front();
    if (!filter.deny()) {
        return "accept: " + filter.accept_rules.front().reason;
    }
    std::string out;
    for (const Approver& approver : filter.approvers) {
        out += fmt::format("{}{}={}({})", out.empty() ? "" : ", ", approver.field->name,
                           value_text(approver), type_name(approver));
    }
    return out;
}

bool passes(const std::string& expression, NamedEvent event) {
    const Planned planned = plan_of({expression});
    const EventFilter& filter = planned.plan.events.front();
    return !filter.deny() || approving(filter, event.context()) != nullptr;
}

// ---- random rules over everything the kernel filters on, and some it does not

class Random {
   public:
    explicit Random(uint32_t seed) : engine_(seed) {}

    template <size_t N>
    std::string one(const std::array<const char*, N>& of) {
        return of[below(N)];
    }
    size_t below(size_t limit) {
        return std::uniform_int_distribution<size_t>(0, limit - 1)(engine_);
    }
    bool chance(size_t percent) { return below(100) < percent; }

    std::string path() {
        std::string out;
        for (size_t i = 0; i <= below(3); ++i) {
            out += "/" + one(kNames);
        }
        return out;
    }
    std::string name() { return one(kNames); }
    int64_t number() {
        constexpr std::array<int64_t, 9> kNumbers = {0, 1, 2, 3, 64, 1000, 4294967295, 10, -1};
        return kNumbers[below(kNumbers.size())];
    }

    std::string exec_rule() { return exec_condition(3) + " && (exec.uid <= 0 || exec.uid > 0)"; }

    std::string rule(bool network) {
        return condition(3, network) + (network ? " && (connect.retval <= 0 || connect.retval > 0)"
                                                : " && (open.retval <= 0 || open.retval > 0)");
    }

   private:
    static constexpr std::array<const char*, 7> kNames = {"passwd", "pass", "a",     "shadow",
                                                          "shad",   "ab",   "cron.d"};
    static constexpr std::array<const char*, 6> kOps = {"==", "!=", "<", "<=", ">", ">="};

    std::string glob() {
        constexpr std::array<const char*, 8> kLast = {"passwd", "pas*", "p*",     "*",
                                                      "**",     "*wd",  "shad*w", "cron.d"};
        std::string out = chance(15) ? "*" : "";
        for (size_t i = 0; i < below(3); ++i) {
            out += "/" + (chance(20) ? "*" : chance(20) ? std::string("**") : name());
        }
        return out + "/" + one(kLast);
    }

    std::string text(bool path_field) {
        if (path_field) {
            return chance(50) ? fmt::format("\"{}\"", path()) : fmt::format("~\"{}\"", glob());
        }
        switch (below(4)) {
            case 0:
                return fmt::format("~\"{}*\"", name());
            case 1:
                return fmt::format("~\"*{}\"", name());
            case 2:
                return fmt::format("r\"^{}\"", name());
            default:
                return fmt::format("\"{}\"", name());
        }
    }

    std::string strings(const char* field, bool path_field) {
        if (chance(50)) {
            return fmt::format("{} {} {}", field, chance(75) ? "==" : "!=", text(path_field));
        }
        std::string list = text(path_field);
        for (size_t i = 0; i < below(3); ++i) {
            list += ", " + text(path_field);
        }
        return fmt::format("{} {} [{}]", field, chance(75) ? "in" : "not in", list);
    }

    std::string flags(const std::string& field) {
        constexpr std::array<const char*, 6> kMasks = {
            "O_CREAT", "O_ACCMODE", "(O_WRONLY | O_RDWR)", "O_RDONLY", "(O_CREAT | O_ACCMODE)",
            "-1"};
        if (chance(30)) {
            return fmt::format("{} {} {}", field, one(kOps), number());
        }
        return fmt::format("({} & {}) {} {}", field, one(kMasks), one(kOps),
                           chance(40) ? std::string("0") : std::to_string(number()));
    }

    std::string file_test() {
        switch (below(8)) {
            case 0:
            case 1:
                return strings("open.file.path", true);
            case 2:
            case 3:
                return strings("open.file.name", false);
            case 4:
                return flags("open.flags");
            case 5:
                return chance(50) ? "open.file.in_upper_layer"
                                  : "open.file.in_upper_layer in [true, false]";
            default:
                return any_test();
        }
    }

    std::string network_test() {
        switch (below(7)) {
            case 0:
                return fmt::format("connect.addr.port {} {}", one(kOps), number());
            case 1:
                return fmt::format("connect.addr.port {} [80, {}]", chance(60) ? "in" : "not in",
                                   number());
            case 2:
                return chance(50) ? "connect.addr.is_public" : "connect.addr.is_public == false";
            case 3:
                return fmt::format("connect.addr.ip {} [10.0.0.0/8, ::1]", chance(40)   ? "in"
                                                                           : chance(50) ? "allin"
                                                                                        : "not in");
            case 4:
                return fmt::format("connect.addr.family {} [AF_INET, AF_UNIX]",
                                   chance(70) ? "in" : "not in");
            case 5:
                return strings("connect.addr.hostname", false);
            default:
                return any_test();
        }
    }

    std::string word() {
        constexpr std::array<const char*, 7> kWords = {"pass*",  "*passwd*", "*a*shad*", "*cron.d",
                                                       "passwd", "a shadow", "*d a*"};
        const std::string text = one(kWords);
        const bool pattern = text.find('*') != std::string::npos;
        return fmt::format("{}\"{}\"", pattern ? "~" : "", text);
    }

    std::string exec_test() {
        switch (below(6)) {
            case 0:
                return strings("exec.file.path", true);
            case 1:
                return strings("exec.file.name", false);
            case 2:
                return strings("process.parent.file.name", false);
            case 3:
                return fmt::format("exec.args {} [{}, {}]", chance(75) ? "in" : "not in", word(),
                                   word());
            case 4:
                return fmt::format("exec.argv {} [{}]", chance(75) ? "in" : "not in", word());
            default:
                return fmt::format("process.uid {} 1", one(kOps));
        }
    }

    std::string exec_condition(int depth) {
        if (depth == 0 || chance(15)) {
            return (chance(15) ? "!" : "") + fmt::format("({})", exec_test());
        }
        std::string out = exec_condition(depth - 1);
        const bool all = chance(55);
        for (size_t i = 0; i <= below(2); ++i) {
            out += (all ? " && " : " || ") + exec_condition(depth - 1);
        }
        return fmt::format("({})", out);
    }

    std::string any_test() {
        switch (below(5)) {
            case 0:
                return fmt::format("process.auid {} {}", one(kOps), number());
            case 1:
                return fmt::format("process.auid {} [1, 1000, {}]", chance(60) ? "in" : "not in",
                                   number());
            case 2:
                return fmt::format("process.uid {} 1", one(kOps));
            case 3:
                return "process.ancestors.file.name == \"passwd\"";
            default:
                return "process.ancestors[A].file.name == \"passwd\"";
        }
    }

    std::string condition(int depth, bool network) {
        const auto test = [&] { return network ? network_test() : file_test(); };
        if (depth == 0 || chance(15)) {
            return (chance(20) ? "!" : "") + fmt::format("({})", test());
        }
        if (chance(4)) {
            return fmt::format("(({}) == ({}))", test(), test());
        }
        std::string out = condition(depth - 1, network);
        const bool all = chance(55);
        for (size_t i = 0; i <= below(2); ++i) {
            out += (all ? " && " : " || ") + condition(depth - 1, network);
        }
        return (chance(20) ? "!" : "") + fmt::format("({})", out);
    }

    std::mt19937 engine_;
};

NamedEvent random_event(Random& random, bool network) {
    NamedEvent event(network ? "connect" : "open");
    event.set("process.auid", std::max<int64_t>(random.number(), 0));
    event.set("process.uid", static_cast<int64_t>(random.below(3)));
    for (size_t i = 0; i < random.below(3); ++i) {
        event.ancestor().set("process.ancestors.file.name", random.name());
    }
    if (!network) {
        event.set("open.file.path", random.chance(5) ? "" : random.path());
        event.set("open.file.name", random.name());
        event.set("open.flags", std::max<int64_t>(random.number(), 0));
        event.set("open.file.in_upper_layer", static_cast<int64_t>(random.below(2)));
    } else if (random.chance(50)) {  // only sockets of the internet have addresses
        event.set("connect.addr.family", random.chance(50) ? 2 : 10);
        event.set("connect.addr.port", random.chance(20) ? 0 : 80);
        event.set("connect.addr.ip", ip_bytes(random.chance(50) ? "10.1.2.3" : "::1"));
        event.set("connect.addr.is_public", static_cast<int64_t>(random.below(2)));
        event.set("connect.addr.hostname", std::vector<std::string>(random.below(2), "passwd"));
    } else {
        event.set("connect.addr.family", static_cast<int64_t>(random.below(2)));
    }
    return event;
}

NamedEvent random_exec(Random& random) {
    NamedEvent event("exec");
    event.set("process.uid", static_cast<int64_t>(random.below(3)));
    event.set("exec.uid", static_cast<int64_t>(random.below(3)));
    event.set("exec.file.path", random.path());
    event.set("exec.file.name", random.name());
    event.set("process.parent.file.name", random.name());
    std::vector<std::string> argv;
    std::string args;
    for (size_t i = 0; i < random.below(4); ++i) {
        argv.push_back(random.name());
        args += (args.empty() ? "" : " ") + argv.back();
    }
    event.set("exec.argv", argv);
    event.set("exec.args", args);
    return event;
}

/// Of events with a rule that has approvers.
struct Tally {
    EvalState state;
    size_t matches = 0;
    size_t dropped = 0;

    template <typename MakeEvent>
    void test(const Planned& planned, const std::string& rule, MakeEvent make_event) {
        const EventFilter& filter = planned.plan.events.front();
        for (int i = 0; i < 60 && filter.deny(); ++i) {
            NamedEvent event = make_event();
            const EvalContext context = event.context();
            const bool approved = approving(filter, context) != nullptr;
            const bool matched = !planned.compiled.rules->evaluate(context, state).matched.empty();
            matches += matched ? 1 : 0;
            dropped += approved ? 0 : 1;
            if (matched && !approved)
                FAIL("what this rule matches would be dropped (event " << i << "): " << rule);
        }
    }
};

}  // namespace

TEST_CASE("whatever a rule on exec matches, the probe lets through") {
    Tally tally;
    for (uint32_t round = 0; round < 600; ++round) {
        Random random(round + 1);
        const std::string text = random.exec_rule();
        tally.test(plan_of({text}), text, [&] { return random_exec(random); });
    }
    CHECK(tally.matches > 500);
    CHECK(tally.dropped > 500);
}

TEST_CASE("whatever a rule matches, one of its approvers lets through") {
    const char* factor = std::getenv("VEDETTE_PROPERTY_ROUNDS");
    const int rounds = 1500 * (factor != nullptr ? std::max(1, std::atoi(factor)) : 1);
    Tally tally;
    size_t with_approvers = 0;
    for (int round = 0; round < rounds; ++round) {
        Random random(static_cast<uint32_t>(round) + 1);
        const bool network = random.chance(35);
        const std::string text = random.rule(network);
        const Planned planned = plan_of({text});
        with_approvers += planned.plan.events.front().deny() ? 1 : 0;
        tally.test(planned, text, [&] { return random_event(random, network); });
    }
    CHECK(with_approvers > static_cast<size_t>(rounds) / 5);
    CHECK(tally.matches > 1000);
    CHECK(tally.dropped > 1000);
}

TEST_CASE("approvers of names") {
    CHECK(approvers(R"(open.file.path == "/etc/passwd")") == "open.file.path=passwd(basename)");
    CHECK(approvers(R"(open.file.path in ["/etc/passwd", ~"/root/.ssh/id_*"])") ==
          "open.file.path=passwd(basename), open.file.path=id_*(basename)");
    CHECK(approvers(R"(open.file.path == ~"/etc/cron.d/*")") == "open.file.path=cron.d(parent)");
    CHECK(approvers(R"(open.file.path == ~"/etc/cron.d/a*")") == "open.file.path=cron.d(parent)");
    CHECK(approvers(R"(open.file.path == ~"/etc/cron.d/**")") ==
          "open.file.path=/etc/cron.d/*(prefix)");
    CHECK(approvers(R"(open.file.path == ~"/home/*/.ssh/**")") == "open.file.path=/home/*(prefix)");
    CHECK(approvers(R"(open.file.path == ~"/etc/**" && open.flags & O_CREAT > 0)") ==
          "open.flags=O_CREAT(flag)");
    CHECK_THAT(approvers(R"(open.file.path == ~"/**")"), ContainsSubstring("accept: ~\"/**\""));
    CHECK(approvers(R"(open.file.path == ~"/a/x*")") == "open.file.path=/a/x*(prefix)");
    CHECK_THAT(approvers(R"(open.file.path == ~"/*/x*")"), ContainsSubstring("accept: ~\"/*/x*\""));
    CHECK(approvers(R"(open.file.path == ~"/home/*/x*")") == "open.file.path=/home/*(prefix)");
    CHECK_THAT(approvers(R"(open.file.path == "/")"), ContainsSubstring("ends in no name"));
    CHECK_THAT(approvers(R"(open.file.path == "")"), ContainsSubstring("ends in no name"));
    CHECK(approvers(R"(open.file.name =~ "pam_*.so")") == "open.file.name=pam_*(basename)");
    CHECK(approvers(R"(open.file.name =~ "*.so")") == "open.file.name=*.so(basename)");
    CHECK_THAT(approvers(R"(open.file.name =~ "*.c")"), ContainsSubstring("accept: "));
    CHECK_THAT(approvers(R"(open.file.name == r"^passwd$")"),
               ContainsSubstring("is a regular expression"));
    CHECK_THAT(approvers(R"(open.file.name != "passwd")"),
               ContainsSubstring("'open.file.name' is only excluded, never required"));
    CHECK(approvers(R"(rename.file.path == "/a/b" || rename.file.destination.name == "c")") ==
          "rename.file.destination.name=c(basename), rename.file.path=b(basename)");
    CHECK(approvers(R"(open.file.name == ")" + std::string(300, 'x') + "\"") ==
          "open.file.name=" + std::string(255, 'x') + "*(basename)");
}

TEST_CASE("approvers of numbers") {
    CHECK(approvers("open.flags & (O_CREAT | O_TRUNC) > 0") == "open.flags=O_CREAT|O_TRUNC(flag)");
    CHECK(approvers("open.flags & O_CREAT != 0") == "open.flags=O_CREAT(flag)");
    CHECK(approvers("open.flags & O_ACCMODE == O_RDONLY") == "open.flags=O_RDONLY(flag)");
    CHECK(approvers("open.flags == O_RDONLY") == "open.flags=O_RDONLY(flag)");
    CHECK(approvers("open.flags & O_ACCMODE == O_WRONLY") == "open.flags=O_WRONLY(flag)");
    CHECK_THAT(approvers("open.flags & O_CREAT == 0"),
               ContainsSubstring("requires no bit of 'open.flags'"));
    CHECK_THAT(approvers("open.flags != 0"), ContainsSubstring("accept: "));
    CHECK(approvers("open.flags & O_RDONLY > 0").empty());  // never holds
    CHECK(approvers("open.file.in_upper_layer") == "open.file.in_upper_layer=true(in_upper_layer)");
    CHECK(approvers("!open.file.in_upper_layer") ==
          "open.file.in_upper_layer=false(in_upper_layer)");
    CHECK(approvers("open.retval == 0 && process.auid != AUDIT_AUID_UNSET") ==
          "process.auid=0..4294967294(range)");
    CHECK(approvers("open.retval == 0 && process.auid in [1000, 1001]") ==
          "process.auid=1000(auid), process.auid=1001(auid)");
    CHECK(approvers("open.retval == 0 && process.auid >= 1000") ==
          "process.auid=1000..AUDIT_AUID_UNSET(range)");
    CHECK_THAT(approvers("open.retval == 0 && process.auid >= 0"),
               ContainsSubstring("any 'process.auid' will do"));
    CHECK(approvers("bpf.cmd in [BPF_MAP_CREATE, BPF_PROG_LOAD]") ==
          "bpf.cmd=BPF_MAP_CREATE(value), bpf.cmd=BPF_PROG_LOAD(value)");
    CHECK(approvers("mmap.protection & PROT_EXEC > 0") == "mmap.protection=PROT_EXEC(flag)");
}

TEST_CASE("a port, an address or a host name says that the socket is one of the internet") {
    const std::string internet =
        "connect.addr.family=AF_INET(value), connect.addr.family=AF_INET6(value)";
    CHECK(approvers("connect.addr.port == 53") == internet);
    CHECK(approvers("connect.addr.port not in [0]") == internet);
    CHECK(approvers("connect.addr.ip in [10.0.0.0/8]") == internet);
    CHECK(approvers("connect.addr.is_public") == internet);
    CHECK(approvers(R"(connect.addr.hostname == "a.example")") == internet);
    CHECK(approvers("connect.addr.port == 53 && connect.addr.family == AF_INET") ==
          "connect.addr.family=AF_INET(value)");
    for (const char* open : {"connect.addr.port != 53", "connect.addr.port < 1024",
                             "connect.addr.ip not in [10.0.0.0/8]", "!connect.addr.is_public"}) {
        INFO(open);
        CHECK_THAT(approvers(open), ContainsSubstring("accept: holds for sockets that have no"));
    }
}

TEST_CASE("of what must hold together the best is taken, of alternatives all") {
    CHECK(approvers(R"(open.flags & O_CREAT > 0 && open.file.path == "/etc/passwd")") ==
          "open.file.path=passwd(basename)");
    CHECK(approvers(R"(open.file.path == ~"/etc/cron.d/*" && open.flags & O_CREAT > 0)") ==
          "open.flags=O_CREAT(flag)");
    CHECK(approvers(R"(open.file.name == "a" || (open.file.name == "b" && process.uid == 0))") ==
          "open.file.name=a(basename), open.file.name=b(basename)");
    CHECK_THAT(approvers(R"(open.file.name == "a" || process.uid == 0)"),
               ContainsSubstring("an alternative has none"));
    CHECK(approvers(R"(!(open.file.name != "a" || process.uid == 0))") ==
          "open.file.name=a(basename)");
    CHECK(approvers(R"(open.retval == 0 && process.uid == 0)") ==
          "accept: requires nothing that the kernel can filter on");
}

TEST_CASE("approvers of execs: the probe looks at more than the kernel could") {
    CHECK(approvers("exec.uid == 0") == "accept: requires nothing that the probe can filter on");
    CHECK(approvers(R"(exec.file.path == ~"/tmp/**")") == "exec.file.path=/tmp/*(prefix)");
    CHECK(approvers(R"(exec.file.name == ~"memfd:*")") == "exec.file.name=memfd:*(basename)");
    CHECK(approvers(R"(exec.args == ~"*a*stratum+tcp://*")") ==
          "exec.args=*stratum+tcp://*(piece)");
    CHECK(approvers(R"(exec.envp in ["HISTSIZE=0", ~"LD_PRELOAD=*/tmp/*"])") ==
          "exec.envp=HISTSIZE=0(name), exec.envp=*LD_PRELOAD=*(piece)");
    // Which shell says less than what it is told to do, and who starts it more than both.
    CHECK(approvers(R"(exec.file.name in ["sh", "bash"] && exec.args =~ "*/dev/tcp/*")") ==
          "exec.args=*/dev/tcp/*(piece)");
    CHECK(approvers(R"(exec.file.name == "nc" && exec.argv in ["-e", "-c"])") ==
          "exec.file.name=nc(basename)");
    CHECK(approvers(R"(exec.file.name == "sh" && process.parent.file.name == "nginx")") ==
          "process.parent.file.name=nginx(basename)");
    CHECK_THAT(approvers(R"(exec.args =~ "*-e*")"),
               ContainsSubstring("three fixed bytes in a row"));
    CHECK_THAT(approvers(R"(exec.args == "")"), ContainsSubstring("is empty"));
    CHECK_THAT(approvers(R"(exec.args == r".*tcp.*")"), ContainsSubstring("regular expression"));
    CHECK_THAT(approvers(R"(exec.argv != "insmod")"), ContainsSubstring("only excluded"));
    CHECK_THAT(approvers(R"(exec.uid == 0)"), ContainsSubstring("accept: "));
    // Only of the event itself: who an ancestor is says nothing about the exec's own arguments.
    CHECK_THAT(approvers(R"(exec.uid == 0 && process.ancestors.args =~ "*stratum*")"),
               ContainsSubstring("accept: "));
    CHECK_THAT(approvers(R"(open.retval == 0 && process.args =~ "*stratum*")"),
               ContainsSubstring("accept: "));
}

TEST_CASE("the kernel's side of an approver") {
    const std::string parent = R"(open.file.path == ~"/etc/cron.d/*")";
    CHECK(passes(parent, NamedEvent("open").set("open.file.path", "/x/cron.d/job")));
    CHECK_FALSE(passes(parent, NamedEvent("open").set("open.file.path", "/etc/cron.d/sub/job")));
    CHECK_FALSE(passes(parent, NamedEvent("open").set("open.file.path", "cron.d")));
    const std::string prefix = R"(open.file.path == ~"/root/.ssh/id_*")";
    CHECK(passes(prefix, NamedEvent("open").set("open.file.path", "/tmp/id_rsa")));
    CHECK_FALSE(passes(prefix, NamedEvent("open").set("open.file.path", "/tmp/my_id_rsa")));
    const std::string read_only = "open.flags & O_ACCMODE == O_RDONLY";
    CHECK(passes(read_only, NamedEvent("open").set("open.flags", 0x80000)));
    CHECK_FALSE(passes(read_only, NamedEvent("open").set("open.flags", 1)));
}

TEST_CASE("more file names than the kernel holds") {
    std::string list = "\"name0\"";
    for (size_t i = 1; i <= kMaxBasenameApprovers; ++i) {
        list += ", \"name" + std::to_string(i) + "\"";
    }
    const Planned planned = plan_of({"open.file.name in [" + list + "]",
                                     R"(unlink.file.name == "a")", "open.flags & O_CREAT > 0"});
    const EventFilter* open = planned.plan.find(named_event("open"));
    REQUIRE(open != nullptr);
    REQUIRE(open->accept_rules.size() == 1);
    CHECK(open->accept_rules.front().id == "r0");
    CHECK_THAT(open->accept_rules.front().reason, ContainsSubstring("4096 file names"));
    CHECK(planned.plan.find(named_event("unlink"))->deny());
    CHECK(planned.plan.find(named_event("bpf")) == nullptr);
}

TEST_CASE("the filter report reads as in the golden file") {
    const Planned planned = plan_of({
        R"(open.file.path in ["/etc/passwd", ~"/root/.ssh/id_*"] && process.uid != 0)",
        R"(open.file.name == "shadow" || open.flags & (O_CREAT | O_TRUNC) > 0)",
        R"(unlink.file.path == ~"/var/log/**")",
        R"(unlink.file.name == "wtmp")",
        R"(exec.file.name == "nc")",
        R"(connect.addr.port == 4444 && connect.addr.is_public)",
    });
    std::ifstream file(std::string(VEDETTE_SOURCE_DIR) + "/tests/golden/secl/filters.json");
    std::stringstream expected;
    expected << file.rdbuf();
    const std::string actual = boost::json::serialize(to_json(planned.plan)) + "\n";
    if (actual != expected.str()) {
        const auto shown = std::filesystem::temp_directory_path() / "vedette-filters.json";
        std::ofstream(shown) << actual;
        FAIL("the report differs from the golden file; it is in " << shown << ": " << actual);
    }
}

}  // namespace vedette::secl::test
