// SPDX-License-Identifier: Apache-2.0
#include "system-probe/resolvers/process_resolver.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "system-probe/decode/file.h"
#include "system-probe/resolvers/process_node.h"

namespace vedette::probe {
namespace {

/// Of a process nobody has described: never 0, which would be root.
constexpr uint32_t kUnknownId = 0xffffffff;
constexpr vdt_cred kUnknownCredentials = {kUnknownId, kUnknownId, kUnknownId, kUnknownId,
                                          kUnknownId, kUnknownId, kUnknownId, kUnknownId,
                                          0,          0};

/// Logins that the log has not shown yet, and how often it is read for one.
constexpr size_t kMaxNewSessions = 64;
constexpr unsigned kLoginTries = 3;

/// Starts that come from /proc are multiples of it.
constexpr uint64_t kProcTickNs = 10'000'000;

constexpr std::string_view kExecNotSeen = "the exec of this image was not seen";

ProgramPtr unseen_program() {
    Program program;
    program.file.set_path_error(std::string(kExecNotSeen));
    return std::make_shared<const Program>(std::move(program));
}

/// What a fork copies and an exec keeps.
void inherit(Image& image, const Image& from) {
    image.program = from.program;
    image.workload = from.workload;
    image.session = from.session;
    image.credentials = from.credentials;
    image.comm = from.comm;
    image.tty = from.tty;
    image.netns = from.netns;
    image.net_cookie = from.net_cookie;
    image.mntns = from.mntns;
    image.pidns = from.pidns;
    image.userns = from.userns;
    image.sid = from.sid;
    image.exec_time = from.exec_time;
    image.is_kthread = from.is_kthread;
}

bool same_file(const Image& a, const Image& b) {
    return a.program && b.program && a.program->file.inode() == b.program->file.inode() &&
           a.program->file.device() == b.program->file.device();
}

bool same_credentials(const vdt_cred& a, const vdt_cred& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;  // no padding: 8 * 4 + 2 * 8
}

}  // namespace

ProcessResolver::ProcessResolver(Options options, const WallClock& clock, const Names& names,
                                 NodeSink& sink)
    : options_(std::move(options)),
      clock_(clock),
      names_(names),
      sink_(sink),
      cache_(options_.max_bytes, {.changed = [this](const Image& image) { sink_.changed(image); },
                                  .forgotten = [this](const Image& image) { sink_.gone(image); }}),
      workloads_(cache_.account(), options_.cgroup_mount_id, options_.container_appeared) {}

ProcessResolver::Named ProcessResolver::apply(Decoded& decoded) {
    const auto& header = decoded.header;
    Image* image = nullptr;
    switch (decoded.type()) {
        case VDT_FORK:
            image = apply_fork(decoded);
            break;
        case VDT_EXEC:
            image = apply_exec(decoded);
            break;
        case VDT_EXIT:
            image = apply_exit(decoded);
            break;
        case VDT_SNAPSHOT:
            image = apply_snapshot(decoded);
            break;
        case VDT_SETUID:
        case VDT_SETGID:
        case VDT_CAPSET:
            image = apply_credentials(decoded);
            break;
        case VDT_NAMESPACES:
            image = apply_namespaces(decoded);
            break;
        case VDT_CAPABILITIES:
            image = apply_capabilities(decoded);
            break;
        case VDT_COMM:
            image = apply_name(decoded);
            break;
        case VDT_CGROUP:
            image = apply_cgroup(decoded);
            break;
        case VDT_DNS:
        case VDT_IMDS:
        case VDT_PACKET:
        case VDT_NETWORK_FLOW_MONITOR:
            image = find_known(header.image);
            break;
        default:
            image = find_or_placeholder(header.image, header.cgroup_id, header.time_ns);
            break;
    }
    decoded.event.set_timestamp(clock_.to_wall(header.time_ns));
    add_names(decoded.event, names_);
    named_ = {image, name_target(decoded)};
    if (image != nullptr) {
        decoded.event.set_process_key(image->key);
        if (decoded.network == 0)
            decoded.network = network_id(image->netns, image->net_cookie);
    }
    return named_;
}

void ProcessResolver::named_by(uint64_t sequence) {
    for (Image* image : {named_.acting, named_.target}) {
        if (image != nullptr)
            image->last_sequence = sequence;
    }
}

void ProcessResolver::after_event() {
    if (const auto* image = std::exchange(changed_by_event_, nullptr))
        sink_.changed(*image);
    const Named named = std::exchange(named_, {});
    if (const Image* kept = named.acting != nullptr ? named.acting : named.target)
        cache_.enforce_bound(*kept);
}

Image* ProcessResolver::apply_fork(const Decoded& decoded) {
    const auto& header = decoded.header;
    const auto& id = decoded.process->process.image;
    if (id.pid == 0)
        return nullptr;
    Image* creator = find_parent(id, header.image, header.cgroup_id, header.time_ns);
    Image* image = nullptr;
    if (auto* process = find_process(id, id.exec_id)) {
        auto& oldest = *process->images.front();
        if (id.exec_id < oldest.exec_id) {
            image = &new_image(*process, id.exec_id, creator, header.time_ns);
        } else {
            cache_.set_parent(oldest, creator);
            oldest.ppid = decoded.process->process.parent.pid;
            if (oldest.source != v1::ProcessNode::SOURCE_PLACEHOLDER) {
                // The snapshot knew it already, and better; only not its creator.
                sink_.changed(oldest);
                return &process->current();
            }
            image = &oldest;
        }
    } else {
        image = &new_process(id, creator, header.time_ns);
    }
    if (creator != nullptr) {
        inherit(*image, *creator);
        learn_credentials(*creator, decoded);
    }
    fill_process(*image, decoded, creator);
    image->source = v1::ProcessNode::SOURCE_EVENT;
    cache_.update(*image);
    sink_.changed(*image);
    return image;
}

Image* ProcessResolver::apply_exec(const Decoded& decoded) {
    const auto& header = decoded.header;
    const auto& process_facts = decoded.process->process;
    const auto& id = process_facts.image;
    if (id.pid == 0)
        return nullptr;
    auto* process = find_process(id, id.exec_id - 1);
    Image* image = process ? ProcessCache::find_image(*process, id.exec_id) : nullptr;
    if (image == nullptr || image->exec_id != id.exec_id) {
        Image* creator = nullptr;
        if (process == nullptr || id.exec_id < process->images.front()->exec_id) {
            creator = find_parent(id, process_facts.parent, 0, header.time_ns);
        }
        image = process ? &new_image(*process, id.exec_id, creator, header.time_ns)
                        : &new_process(id, creator, header.time_ns);
    }
    fill_process(*image, decoded, image->parent);
    set_program(*image, *decoded.process);
    set_session(*image, *decoded.process);
    image->is_exec = true;
    image->exec_time = clock_.to_wall(header.time_ns);
    image->source = v1::ProcessNode::SOURCE_EVENT;
    cache_.update(*image);
    if (auto* before = image->parent; before != nullptr && before->process == image->process &&
                                      before->exit_time < image->exec_time) {
        before->exit_time =
            image->exec_time;  // it came late, and then nobody knew when it was over
        sink_.ended(*before);
    }
    sink_.changed(*image);
    return image;
}

Image* ProcessResolver::apply_exit(const Decoded& decoded) {
    const auto& header = decoded.header;
    if (auto* process = find_process(header.image, header.image.exec_id)) {
        auto& current = process->current();
        end(current, header.time_ns);
        return &current;
    }
    Image* image = find_or_placeholder(header.image, header.cgroup_id, header.time_ns);
    if (image != nullptr)
        end(*image, header.time_ns);
    return image;
}

Image* ProcessResolver::apply_snapshot(const Decoded& decoded) {
    const auto& header = decoded.header;
    const auto& facts = *decoded.process;
    const auto& id = facts.process.image;
    if (id.pid == 0)
        return nullptr;
    auto* process = find_process(id, id.exec_id);
    Image* image = process ? ProcessCache::find_image(*process, id.exec_id) : nullptr;
    const bool filled = image != nullptr && image->source == v1::ProcessNode::SOURCE_PLACEHOLDER &&
                        image->exec_id == id.exec_id;
    const bool from_proc = id.exec_id == 0 && id.start_ns % kProcTickNs == 0;
    if (image != nullptr && !filled) {
        // What is known came from a record; but nobody may have followed what became of it.
        if (image->exec_id == id.exec_id && !from_proc)
            identify(*image, facts.process);
        return &process->current();
    }

    Image* parent = find_parent(id, facts.process.parent, 0, header.time_ns);
    if (image == nullptr) {
        image = process ? &new_image(*process, id.exec_id, parent, header.time_ns)
                        : &new_process(id, parent, header.time_ns);
    } else if (image == process->images.front()) {
        cache_.set_parent(*image, parent);
    }
    if (from_proc && image->process->images.size() == 1)
        image->process->from_proc = true;
    fill_process(*image, decoded, nullptr);
    set_program(*image, facts);
    set_session(*image, facts);
    // A fork alone leaves the program and the exec count of the parent; whoever has both has not executed.
    image->is_exec = !image->is_kthread && !(parent != nullptr && id.exec_id <= parent->exec_id &&
                                             same_file(*image, *parent));
    if (image->is_exec)
        image->exec_time = image->created_at;  // not known better
    image->source = v1::ProcessNode::SOURCE_SNAPSHOT;
    ++snapshot_;
    cache_.update(*image);
    sink_.changed(*image);
    return image;
}

/// A child has the credentials of the thread that made it, but in a user namespace of its own.
void ProcessResolver::learn_credentials(Image& creator, const Decoded& fork) {
    const vdt_process& child = fork.process->process;
    if (fork.header.tid != fork.header.image.pid || child.userns != creator.userns ||
        same_credentials(creator.credentials, child.cred))
        return;
    creator.credentials = child.cred;
    sink_.changed(creator);
}

void ProcessResolver::identify(Image& image, const vdt_process& now) {
    const std::string_view comm = fixed_text(now.comm, sizeof now.comm);
    if (same_credentials(image.credentials, now.cred) && image.comm == comm &&
        image.netns == now.netns && image.mntns == now.mntns && image.userns == now.userns)
        return;
    image.credentials = now.cred;
    image.comm = comm;
    image.netns = now.netns;
    image.net_cookie = now.net_cookie;
    image.mntns = now.mntns;
    image.userns = now.userns;
    sink_.changed(image);
}

Image* ProcessResolver::apply_credentials(const Decoded& decoded) {
    const auto& header = decoded.header;
    Image* image = find_or_placeholder(header.image, header.cgroup_id, header.time_ns);
    // Credentials belong to a thread; those of the process are its main thread's.
    if (image == nullptr || header.tid != header.image.pid)
        return image;
    if (same_credentials(image->credentials, *decoded.credentials))
        return image;
    sink_.about_to_change(*image);
    image->credentials = *decoded.credentials;
    changed_by_event_ = image;
    return image;
}

/// As with credentials: those of the process are its main thread's.
Image* ProcessResolver::apply_namespaces(const Decoded& decoded) {
    const auto& header = decoded.header;
    const vdt_namespaces& now = *decoded.namespaces;
    Image* image = find_or_placeholder(header.image, header.cgroup_id, header.time_ns);
    if (image == nullptr || header.tid != header.image.pid)
        return image;
    image->netns = now.netns;
    image->net_cookie = now.net_cookie;
    image->mntns = now.mntns;
    image->userns = now.userns;
    image->credentials = now.cred;
    sink_.changed(*image);
    return image;
}

/// The kernel may have forgotten what it told before.
Image* ProcessResolver::apply_capabilities(Decoded& decoded) {
    const auto& header = decoded.header;
    Image* image = find_or_placeholder(header.image, header.cgroup_id, header.time_ns);
    if (image == nullptr)
        return nullptr;
    auto& told = *decoded.event.mutable_capabilities();
    told.set_attempted(image->caps_attempted |= told.attempted());
    told.set_used(image->caps_used |= told.used());
    sink_.changed(*image);
    return image;
}

/// As with credentials: a thread's name is its own, the process's is that of its main thread.
Image* ProcessResolver::apply_name(const Decoded& decoded) {
    const auto& header = decoded.header;
    Image* image = find_or_placeholder(header.image, header.cgroup_id, header.time_ns);
    if (image == nullptr || !decoded.comm || header.tid != header.image.pid ||
        image->comm == *decoded.comm)
        return image;
    image->comm = std::string(*decoded.comm);
    changed_by_event_ = image;
    return image;
}

Image* ProcessResolver::apply_cgroup(const Decoded& decoded) {
    const auto& header = decoded.header;
    Image* image = find_or_placeholder(header.image, decoded.cgroup_id, header.time_ns);
    if (image == nullptr)
        return nullptr;
    auto workload = workloads_.get(decoded.cgroup_id, decoded.cgroup.value_or(std::string_view()),
                                   clock_.to_wall(header.time_ns));
    if (std::exchange(image->workload, workload) != workload)
        sink_.changed(*image);
    return image;
}

/// `exec_id`: of the image that a process known from /proc has had until now.
Process* ProcessResolver::find_process(const vdt_image_id& id, uint64_t exec_id) {
    if (auto* process = cache_.find(id.pid, id.start_ns))
        return process;
    auto* alive = cache_.find_alive(id.pid);
    if (alive == nullptr || !alive->from_proc || !is_same_start(id.start_ns, alive->start_ns)) {
        return nullptr;
    }
    cache_.identify(*alive, id.start_ns, exec_id);
    return alive;
}

/// Of a packet: its socket may be older than the image that uses it, and may outlive its process.
Image* ProcessResolver::find_known(const vdt_image_id& id) {
    auto* process = id.pid == 0 ? nullptr : find_process(id, id.exec_id);
    if (process == nullptr)
        return nullptr;
    auto* image = ProcessCache::find_image(*process, id.exec_id);
    return image != nullptr ? image : &process->current();
}

Image* ProcessResolver::find_or_placeholder(const vdt_image_id& id, uint64_t cgroup_id,
                                            uint64_t boot_ns) {
    if (id.pid == 0)
        return nullptr;  // the idle task, or nobody
    auto* process = find_process(id, id.exec_id);
    if (process != nullptr) {
        if (auto* image = ProcessCache::find_image(*process, id.exec_id))
            return image;
    }
    ++placeholders_;
    Image* image = nullptr;
    if (process != nullptr) {  // its exec was not seen
        image = &new_image(*process, id.exec_id, nullptr, boot_ns);
        if (image->parent != nullptr)
            inherit(*image, *image->parent);
        image->is_exec = true;
    } else {
        image = &new_process(id, nullptr, boot_ns);
        image->credentials = kUnknownCredentials;
    }
    image->program = unseen_program();
    image->created_at = clock_.to_wall(id.start_ns);
    if (cgroup_id != 0)
        image->workload = workloads_.get(cgroup_id, {}, image->created_at);
    image->source = v1::ProcessNode::SOURCE_PLACEHOLDER;
    cache_.update(*image);
    sink_.changed(*image);
    return image;
}

/// What the kernel did not find is gone, or never was: only its own number in the initial namespace says which.
Image* ProcessResolver::find_target(const vdt_target& target, uint64_t boot_ns) {
    if (target.image.pid != 0)
        return find_or_placeholder(target.image, 0, boot_ns);
    if (target.pidns != VDT_INITIAL_PIDNS || target.pid <= 0)
        return nullptr;
    auto* process = cache_.find_alive(static_cast<uint32_t>(target.pid));
    return process == nullptr ? nullptr : &process->current();
}

Image* ProcessResolver::name_target(Decoded& decoded) {
    Image* target = decoded.target ? find_target(*decoded.target, decoded.header.time_ns) : nullptr;
    if (target == nullptr)
        return nullptr;
    auto& event = decoded.event;
    if (event.has_setrlimit())
        event.mutable_setrlimit()->set_target_key(target->key);
    else if (event.has_signal())
        event.mutable_signal()->set_target_key(target->key);
    else if (event.has_ptrace())
        event.mutable_ptrace()->set_target_key(target->key);
    return target;
}

/// nullptr also for a process that a damaged record calls its own parent.
Image* ProcessResolver::find_parent(const vdt_image_id& child, const vdt_image_id& parent,
                                    uint64_t cgroup_id, uint64_t boot_ns) {
    if (parent.pid == child.pid && parent.start_ns == child.start_ns)
        return nullptr;
    return find_or_placeholder(parent, cgroup_id, boot_ns);
}

Image& ProcessResolver::new_process(const vdt_image_id& id, Image* parent, uint64_t boot_ns) {
    auto* same_pid = cache_.find_alive(id.pid);
    // A pid is given out again only when its process is gone: the exit record of the older one was lost.
    if (same_pid != nullptr && same_pid->start_ns < id.start_ns)
        end(same_pid->current(), boot_ns);
    auto& image = cache_.add_process(id.pid, id.start_ns, id.exec_id, parent);
    if (same_pid != nullptr && same_pid->start_ns > id.start_ns) {
        image.exit_time = clock_.to_wall(same_pid->start_ns);
        image.exited_boot_ns = same_pid->start_ns;
        cache_.update(image);
    }
    return image;
}

/// The image before the new one is over; a new one that came late is itself.
Image& ProcessResolver::new_image(Process& process, uint64_t exec_id, Image* creator,
                                  uint64_t boot_ns) {
    auto& old_current = process.current();
    auto& image = cache_.add_image(process, exec_id, creator);
    if (&process.current() == &image) {
        end(old_current, boot_ns);
        return image;
    }
    image.exit_time = clock_.to_wall(boot_ns);
    image.exited_boot_ns = boot_ns;
    cache_.update(image);
    for (const auto& child : image.children)
        sink_.changed(child);
    return image;
}

void ProcessResolver::fill_process(Image& image, const Decoded& decoded, const Image* previous) {
    const auto& process = decoded.process->process;
    image.credentials = process.cred;
    image.ppid = process.parent.pid;
    image.netns = process.netns;
    image.net_cookie = process.net_cookie;
    image.mntns = process.mntns;
    image.pidns = process.pidns;
    image.userns = process.userns;
    image.ns_pid = process.ns_pid;
    image.sid = process.sid;
    image.comm = std::string(fixed_text(process.comm, sizeof process.comm));
    image.tty = ascii(fixed_text(process.tty, sizeof process.tty));
    image.is_kthread = (process.flags & VDT_PROC_KTHREAD) != 0;
    image.created_at = clock_.to_wall(process.image.start_ns);

    if (!decoded.cgroup && previous != nullptr && previous->workload &&
        previous->workload->cgroup_id == decoded.cgroup_id) {
        image.workload = previous->workload;
        return;
    }
    // Of one that is there already, its first process says how old it is at least.
    const bool was_there = decoded.type() == VDT_SNAPSHOT;
    image.workload =
        workloads_.get(decoded.cgroup_id, decoded.cgroup.value_or(std::string_view()),
                       was_there ? image.created_at : clock_.to_wall(decoded.header.time_ns));
}

void ProcessResolver::set_program(Image& image, const ProcessFacts& facts) {
    auto program = make_program(facts, options_.envs_with_value);
    const size_t bytes = program.bytes();
    image.program = make_charged(std::move(program), cache_.account(), bytes);
}

/// A session lasts: only who has none can begin one.
void ProcessResolver::set_session(Image& image, const ProcessFacts& facts) {
    const Image* before = image.parent;
    if (before == nullptr || !options_.ssh_sessions)
        return;
    image.session = before->session;
    if (image.session != nullptr)
        return;
    image.session = begin_session(before->comm, image.comm, facts.envp,
                                  names_.users.find(image.credentials.uid));
    if (image.session && !image.session->ssh_client_ip().empty() &&
        new_sessions_.size() < kMaxNewSessions)
        new_sessions_.push_back({image.session});
}

void ProcessResolver::for_each_new_session(
    const std::function<void(const v1::UserSession&)>& visit) {
    std::erase_if(new_sessions_, [&](NewSession& entry) {
        visit(*entry.session);
        return ++entry.tries == kLoginTries;
    });
}

void ProcessResolver::set_login(uint64_t ssh_session_id, uint32_t method, const std::string& key) {
    const auto entry = std::ranges::find_if(new_sessions_, [&](const NewSession& one) {
        return one.session->ssh_session_id() == ssh_session_id;
    });
    if (entry == new_sessions_.end())
        return;
    const UserSessionPtr session = std::move(entry->session);
    new_sessions_.erase(entry);
    session->set_ssh_auth_method(method);
    session->set_ssh_public_key(key);
    cache_.for_each([&](const Image& image) {
        if (image.session == session)
            sink_.changed(image);
    });
}

void ProcessResolver::end(Image& image, uint64_t boot_ns) {
    if (image.exit_time != 0)
        return;
    image.exit_time = clock_.to_wall(boot_ns);
    image.exited_boot_ns = boot_ns;
    cache_.update(image);
    sink_.ended(image);
}

void ProcessResolver::expire(uint64_t now_boot_ns, uint64_t held_sequence) {
    if (now_boot_ns < options_.keep_exited_ns)
        return;
    cache_.expire(now_boot_ns - options_.keep_exited_ns, held_sequence);
}

void ProcessResolver::end_vanished(uint64_t now_boot_ns,
                                   const std::function<bool(uint32_t pid)>& exists) {
    cache_.for_each_alive([&](Process& process) {
        if (exists(process.pid))
            return;
        ++vanished_;
        end(process.current(), now_boot_ns);
    });
}

void ProcessResolver::for_each_living(const std::function<void(const Image&)>& visit) {
    cache_.for_each_alive([&](const Process& process) { visit(process.current()); });
}

void ProcessResolver::for_each_node(const std::function<void(v1::ProcessNode)>& visit) const {
    cache_.for_each([&](const Image& image) {
        v1::ProcessNode node;
        fill_node(node, image, names_);
        visit(std::move(node));
    });
}

ProcessResolver::Counts ProcessResolver::counts() const {
    Counts counts;
    static_cast<CacheCounts&>(counts) = cache_.counts();
    counts.placeholders = placeholders_;
    counts.snapshot = snapshot_;
    counts.vanished = vanished_;
    return counts;
}

}  // namespace vedette::probe
