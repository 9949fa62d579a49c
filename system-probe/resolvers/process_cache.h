// SPDX-License-Identifier: Apache-2.0
//
// The cache of process images, as a forest: a process is one (pid, start time), an image is what it ran between two
// execs, the parent of an image is the previous image of its process, else the creator. Only leaves are ever forgotten,
// so that the lineage of a living process stays whole.
//
// Attackers fork and exec at will to flush the cache, so that its memory is bounded and the order of eviction is chosen
// against them: (1) exited images without children, oldest first; (2) exited ones in between, their children handed to
// their parent and marked; (3) living processes that never executed, youngest first; (4) the other living ones,
// youngest first. The oldest processes of a host, its daemons, therefore go last.
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bpf/abi/records.h"
#include "system-probe/resolvers/charge.h"
#include "system-probe/resolvers/program.h"
#include "system-probe/resolvers/user_session.h"
#include "system-probe/resolvers/workloads.h"

namespace vedette::probe {

struct Process;

/// In which list of the cache an image stands; decides when it may go.
enum class ImageState : uint8_t {
    kLiveForked,    ///< alive, no exec of its own: little is lost with it
    kLiveExecuted,  ///< alive
    kExitedLeaf,    ///< over, nothing descends from it
    kExitedParent,  ///< over, but something does
};
inline constexpr size_t kImageStates = 4;

using LinkHook = boost::intrusive::list_member_hook<>;

struct Image {
    uint64_t key = 0;
    uint64_t process_key = 0;
    uint32_t pid = 0;
    uint64_t start_ns = 0;  ///< boot clock
    uint64_t exec_id = 0;
    Process* process = nullptr;  ///< nullptr: dropped from the chain, kept for its children
    Image* parent = nullptr;

    ProgramPtr program;
    WorkloadPtr workload;
    UserSessionPtr session;  ///< nullptr: of nobody in particular
    vdt_cred credentials = {};
    uint32_t ppid = 0;
    uint32_t netns = 0, mntns = 0, pidns = 0, userns = 0;
    uint32_t net_cookie = 0;
    uint64_t caps_attempted = 0;  ///< masks, since it was watched
    uint64_t caps_used = 0;
    uint32_t ns_pid = 0;
    uint32_t sid = 0;
    std::string comm;
    std::string tty;
    uint64_t created_at = 0;  ///< these three: nanoseconds since 1970
    uint64_t exec_time = 0;
    uint64_t exit_time = 0;
    bool is_kthread = false;
    bool is_exec = false;
    v1::ProcessNode::Source source = v1::ProcessNode::SOURCE_UNKNOWN;

    uint64_t last_sequence = 0;    ///< of the newest event that names it
    mutable bool told = false;     ///< the agent has it; kept by Introductions
    uint64_t exited_boot_ns = 0;   ///< when it was over, boot clock
    uint32_t lineage_dropped = 0;  ///< images forgotten between this one and `parent`
    ImageState state = ImageState::kLiveForked;

    LinkHook state_link;
    LinkHook child_link;
    boost::intrusive::list<Image,
                           boost::intrusive::member_hook<Image, LinkHook, &Image::child_link>,
                           boost::intrusive::constant_time_size<false>>
        children;
};

/// /proc gives the start of a process in clock ticks of 10 ms: the last one before it.
inline bool is_same_start(uint64_t exact_ns, uint64_t from_proc_ns) {
    constexpr uint64_t kTickNs = 10'000'000;
    return exact_ns >= from_proc_ns && exact_ns - from_proc_ns < 2 * kTickNs;
}

struct Process {
    uint64_t key = 0;
    uint32_t pid = 0;
    uint64_t start_ns = 0;
    bool from_proc = false;  ///< start_ns is not exact, and exec_id is unknown
    boost::container::small_vector<Image*, 2> images;  ///< oldest first; the last one is current

    Image& current() const { return *images.back(); }
    bool alive() const { return images.back()->exit_time == 0; }
};

struct CacheCounts {
    uint64_t alive = 0;   ///< processes
    uint64_t exited = 0;  ///< images that are over
    uint64_t bytes = 0;
    uint64_t evicted_exited = 0;
    uint64_t evicted_lineage = 0;  ///< taken out of a lineage
    uint64_t chain_dropped = 0;    ///< by the bound on exec chains, not for want of memory
    uint64_t evicted_live = 0;
};

/// Pipeline thread.
class ProcessCache {
   public:
    /// Previous images of one process that are kept: the first kFirstImages, which say where it comes from, and the
    /// newest of the rest.
    static constexpr size_t kMaxImages = 32;
    static constexpr size_t kFirstImages = 8;

    struct Observer {
        std::function<void(const Image&)> changed;  ///< by the cache itself: lineage was shortened
        std::function<void(const Image&)> forgotten;
    };

    ProcessCache(size_t max_bytes, Observer observer);
    ~ProcessCache();
    ProcessCache(const ProcessCache&) = delete;
    ProcessCache& operator=(const ProcessCache&) = delete;

    Process* find(uint32_t pid, uint64_t start_ns);
    /// The living process of that pid.
    Process* find_alive(uint32_t pid);
    /// Gives a process that is known from /proc its exact identity.
    void identify(Process& process, uint64_t start_ns, uint64_t exec_id);
    /// The image of that exec; the nearest older one, else the oldest, when it has been dropped from the chain.
    /// nullptr when exec_id is newer than all.
    static Image* find_image(Process& process, uint64_t exec_id);

    /// A process with its first image; the caller has checked that it is new.
    Image& add_process(uint32_t pid, uint64_t start_ns, uint64_t exec_id, Image* parent);
    /// A further image. A newer one than the current takes its place; an older one, which came late, is put where it
    /// belongs in the chain. Keeps the chain within its bound.
    Image& add_image(Process& process, uint64_t exec_id, Image* creator);
    /// Hangs a whole process (its oldest image) below another parent.
    void set_parent(Image& image, Image* parent);
    /// Call when exit_time or is_exec have changed: they decide in which list the image stands.
    void update(Image& image);

    /// Evicts until the bound holds again. `pinned` stays.
    void enforce_bound(const Image& pinned);
    /// Forgets what has been over since before `boot_ns` and is named by no event from `held_sequence` on.
    void expire(uint64_t boot_ns, uint64_t held_sequence);

    /// Parents before their children.
    void for_each(const std::function<void(const Image&)>& visit) const;
    void for_each_alive(const std::function<void(Process&)>& visit);

    CacheCounts counts() const;
    size_t& account() { return bytes_; }

   private:
    using StateList =
        boost::intrusive::list<Image,
                               boost::intrusive::member_hook<Image, LinkHook, &Image::state_link>,
                               boost::intrusive::constant_time_size<true>>;
    struct ProcessId {
        uint32_t pid;
        uint64_t start_ns;
        bool operator==(const ProcessId&) const = default;
    };
    struct ProcessIdHash {
        size_t operator()(const ProcessId& id) const;
    };

    StateList& list(ImageState state) { return lists_[static_cast<size_t>(state)]; }
    const StateList& list(ImageState state) const { return lists_[static_cast<size_t>(state)]; }
    Image& make_image(Process& process, uint64_t exec_id);
    void link_parent(Image& image, Image* parent);
    void unlink_parent(Image& image);
    void set_state(Image& image);
    void bound_chain(Process& process);
    void splice_out(Image& image);
    void forget(Image& image);
    bool evict_exited(const Image& pinned);
    bool evict_lineage(const Image& pinned);
    bool evict_live(ImageState state, const Image& pinned);

    size_t bytes_ = 0;  // before everything that is charged to it
    size_t max_bytes_;
    Observer observer_;
    uint64_t next_key_ = 1;
    boost::unordered_flat_map<ProcessId, std::unique_ptr<Process>, ProcessIdHash> processes_;
    boost::unordered_flat_map<uint32_t, Process*> alive_;
    StateList lists_[kImageStates];
    CacheCounts counts_;
};

}  // namespace vedette::probe
