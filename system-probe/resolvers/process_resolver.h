// SPDX-License-Identifier: Apache-2.0
//
// Follows every process by its records and gives each event the key of the image that acted. Two sources feed it in any
// order: live records, and the snapshot of what was there before the hooks. Where both speak of an image, the live
// record wins. An event that names an image neither has spoken of creates a placeholder, which a later record fills.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "system-probe/decode/decoder.h"
#include "system-probe/decode/wall_clock.h"
#include "system-probe/resolvers/names.h"
#include "system-probe/resolvers/process_cache.h"

namespace vedette::probe {

/// Where changes go, in order with the events: before the event that apply() is working on.
class NodeSink {
   public:
    virtual ~NodeSink() = default;
    virtual void changed(const Image& image) = 0;
    /// Of what was said before nothing has changed but exit_time.
    virtual void ended(const Image& image) = 0;
    virtual void gone(const Image& image) = 0;
    /// The event that apply() is working on happened to the image as it is now; it changes after_event().
    virtual void about_to_change(const Image& /*image*/) {}
};

/// Pipeline thread.
class ProcessResolver {
   public:
    struct Options {
        size_t max_bytes = 32u << 20;
        uint32_t cgroup_mount_id = 0;  ///< of the default hierarchy; 0: not known
        std::vector<std::string> envs_with_value;
        bool ssh_sessions = true;                 ///< tell sessions of ssh
        Workloads::Appeared container_appeared;   ///< may be empty
        uint64_t keep_exited_ns = 5'000'000'000;  ///< at least, for events that come late
    };
    struct Counts : CacheCounts {
        uint64_t placeholders = 0;
        uint64_t snapshot = 0;
        uint64_t vanished = 0;  ///< found dead without an exit record
    };

    /// The references must outlive it.
    ProcessResolver(Options options, const WallClock& clock, const Names& names, NodeSink& sink);

    /// Whom an event names; nullptr: nobody that is known. Valid until after_event().
    struct Named {
        Image* acting = nullptr;
        Image* target = nullptr;
    };
    /// Applies a record and sets timestamp, process_key and names of its event.
    Named apply(Decoded& decoded);
    /// Call when that event is handed on, with the number it has: what it names is kept until the agent has it.
    void named_by(uint64_t sequence);
    /// Call at the end, handed on or not: sends what is true only after the event. A rule on setuid sees the process with
    /// the ids it had when it asked, as in the reference; the new ones are in the event.
    void after_event();

    /// From now on; reports that come every so often name processes that ended since the last one.
    void keep_exited(uint64_t ns) { options_.keep_exited_ns = ns; }
    /// Forgets what is over, no longer needed by a child and named by no event from `held_sequence` on.
    void expire(uint64_t now_boot_ns, uint64_t held_sequence);
    /// Sessions of ssh of which it is not known yet how the client proved who it is: each is named here three times at
    /// most.
    void for_each_new_session(const std::function<void(const v1::UserSession&)>& visit);
    /// What is known of it now.
    void set_login(uint64_t ssh_session_id, uint32_t method, const std::string& key);

    /// Ends the living processes for which `exists` is false: their exit records were lost.
    void end_vanished(uint64_t now_boot_ns, const std::function<bool(uint32_t pid)>& exists);

    void for_each_image(const std::function<void(const Image&)>& visit) const {
        cache_.for_each(visit);
    }
    /// Of every living process what it runs now.
    void for_each_living(const std::function<void(const Image&)>& visit);
    /// Everything that is known, parents first.
    void for_each_node(const std::function<void(v1::ProcessNode)>& visit) const;
    Counts counts() const;

   private:
    Image* apply_fork(const Decoded& decoded);
    Image* apply_exec(const Decoded& decoded);
    Image* apply_exit(const Decoded& decoded);
    Image* apply_snapshot(const Decoded& decoded);
    void learn_credentials(Image& creator, const Decoded& fork);
    void identify(Image& image, const vdt_process& now);
    Image* apply_credentials(const Decoded& decoded);
    Image* apply_namespaces(const Decoded& decoded);
    Image* apply_capabilities(Decoded& decoded);
    Image* apply_name(const Decoded& decoded);
    Image* apply_cgroup(const Decoded& decoded);

    Process* find_process(const vdt_image_id& id, uint64_t exec_id);
    Image* find_known(const vdt_image_id& id);
    Image* find_or_placeholder(const vdt_image_id& id, uint64_t cgroup_id, uint64_t boot_ns);
    Image* find_target(const vdt_target& target, uint64_t boot_ns);
    Image* name_target(Decoded& decoded);
    Image* find_parent(const vdt_image_id& child, const vdt_image_id& parent, uint64_t cgroup_id,
                       uint64_t boot_ns);
    Image& new_process(const vdt_image_id& id, Image* parent, uint64_t boot_ns);
    Image& new_image(Process& process, uint64_t exec_id, Image* creator, uint64_t boot_ns);
    void fill_process(Image& image, const Decoded& decoded, const Image* previous);
    void set_program(Image& image, const ProcessFacts& facts);
    void set_session(Image& image, const ProcessFacts& facts);
    void end(Image& image, uint64_t boot_ns);

    Options options_;
    const WallClock& clock_;
    const Names& names_;
    NodeSink& sink_;
    ProcessCache cache_;
    Workloads workloads_;
    Named named_;  ///< by the event that is worked on
    const Image* changed_by_event_ = nullptr;
    struct NewSession {
        UserSessionPtr session;
        unsigned tries = 0;
    };
    std::vector<NewSession> new_sessions_;
    uint64_t placeholders_ = 0;
    uint64_t snapshot_ = 0;
    uint64_t vanished_ = 0;
};

}  // namespace vedette::probe
