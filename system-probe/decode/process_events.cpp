// SPDX-License-Identifier: Apache-2.0
//
// Records of what processes did to themselves and to each other.

#include "system-probe/decode/decoder.h"
#include "system-probe/decode/event_type.h"
#include "system-probe/decode/record.h"

namespace vedette::probe {
namespace {

void decode_setuid(const Record& record, Decoded& out) {
    const auto& cred = out.credentials.emplace(record.fixed<vdt_setcred>().cred);
    auto& setuid = *out.event.mutable_setuid();
    setuid.set_uid(cred.uid);
    setuid.set_euid(cred.euid);
    setuid.set_fsuid(cred.fsuid);
}

void decode_setgid(const Record& record, Decoded& out) {
    const auto& cred = out.credentials.emplace(record.fixed<vdt_setcred>().cred);
    auto& setgid = *out.event.mutable_setgid();
    setgid.set_gid(cred.gid);
    setgid.set_egid(cred.egid);
    setgid.set_fsgid(cred.fsgid);
}

constexpr EventType kEvents[] = {
    {VDT_SETUID, "setuid", v1::Event::kSetuidFieldNumber, sizeof(vdt_setcred), decode_setuid},
    {VDT_SETGID, "setgid", v1::Event::kSetgidFieldNumber, sizeof(vdt_setcred), decode_setgid},
};

}  // namespace

std::span<const EventType> process_events() {
    return kEvents;
}

}  // namespace vedette::probe
