// SPDX-License-Identifier: Apache-2.0
#include "system-probe/ebpf/ring_reader.h"

#include <bpf/bpf.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

namespace vedette::probe {
namespace {

uint64_t time_of(std::span<const std::byte> record) {
    vdt_header header = {};
    if (record.size() >= sizeof header)
        std::memcpy(&header, record.data(), sizeof header);
    return header.time_ns;
}

Result<Ring> open_ring(int map_fd) {
    bpf_map_info info = {};
    uint32_t bytes = sizeof info;
    if (bpf_obj_get_info_by_fd(map_fd, &info, &bytes) != 0)
        return fail_errno(errno, "the size of the ring buffer");
    return Ring::open(map_fd, info.max_entries);
}

}  // namespace

Result<std::unique_ptr<RingReader>> RingReader::open(int common_fd, int reserved_fd) {
    auto common = open_ring(common_fd);
    if (!common)
        return forward_error(common);
    auto reserved = open_ring(reserved_fd);
    if (!reserved)
        return forward_error(reserved);
    return over(std::move(*common), std::move(*reserved));
}

Result<std::unique_ptr<RingReader>> RingReader::over(Ring common, Ring reserved) {
    UniqueFd woken(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!woken)
        return fail_errno(errno, "an eventfd");
    return std::make_unique<RingReader>(std::move(common), std::move(reserved), std::move(woken));
}

void RingReader::wake() {
    const eventfd_t one = 1;
    eventfd_write(woken_.get(), one);
}

Result<> RingReader::wait(std::chrono::milliseconds timeout) {
    pollfd ends[] = {
        {common_.fd(), POLLIN, 0}, {reserved_.fd(), POLLIN, 0}, {woken_.get(), POLLIN, 0}};
    if (::poll(ends, std::size(ends), static_cast<int>(timeout.count())) < 0 && errno != EINTR)
        return fail_errno(errno, "waiting for records");
    eventfd_t times = 0;
    if (ends[2].revents != 0)
        eventfd_read(woken_.get(), &times);
    return {};
}

Result<size_t> RingReader::poll(std::chrono::milliseconds timeout, const RecordSink& sink,
                                const std::function<void(bool)>& sleeps) {
    auto found = read(sink);
    if (!found || *found > 0)
        return found;
    sleeps(true);
    found = read(sink);
    if (found && *found == 0) {
        if (auto waited = wait(timeout); !waited)
            found = forward_error(waited);
    }
    sleeps(false);
    return found && *found == 0 ? read(sink) : found;
}

Result<size_t> RingReader::read(const RecordSink& sink) {
    size_t count = 0;
    for (; count < kMaxRecords; ++count) {
        auto more = read_one(sink);
        if (!more)
            return forward_error(more);
        if (!*more)
            break;
    }
    return count;
}

// A reserved record goes when the common ring was looked at after it had come, a common one when the reserved ring was.
Result<bool> RingReader::read_one(const RecordSink& sink) {
    auto reserved = reserved_.front();
    if (!reserved)
        return forward_error(reserved);
    auto common = common_.front();
    if (!common)
        return forward_error(common);
    if (!*reserved && *common)
        reserved = reserved_.front();
    if (!reserved)
        return forward_error(reserved);
    if (!*reserved && !*common)
        return false;
    const bool reserved_first = *reserved && (!*common || time_of(**reserved) <= time_of(**common));
    sink(reserved_first ? **reserved : **common);
    (reserved_first ? reserved_ : common_).pop();
    return true;
}

}  // namespace vedette::probe
