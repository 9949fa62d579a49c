// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/host_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "common/os/fd.h"

namespace vedette::probe {

std::string kernel_lockdown(const std::string& path) {
    // "none [integrity] confidentiality": the active one stands in brackets.
    const auto text = read_file(path, 4096);
    if (!text)
        return "unknown";
    const size_t begin = text->find('[');
    const size_t end = text->find(']');
    if (begin == text->npos || end == text->npos || end < begin)
        return "unknown";
    return text->substr(begin + 1, end - begin - 1);
}

std::vector<std::string> kernel_lsms(const std::string& path) {
    std::vector<std::string> names;
    const auto text = read_file(path, 4096);
    std::istringstream list(text ? *text : "");
    for (std::string name; std::getline(list, name, ',');) {
        while (!name.empty() && name.back() == '\n')
            name.pop_back();
        if (!name.empty())
            names.push_back(name);
    }
    return names;
}

bool kernel_has_btf() {
    return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

uint32_t cgroup_mount_id() {
    // On a hybrid host it is beside the others; there the second directory is no cgroup's.
    for (const char* path : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
        struct statx facts{};
        if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &facts) == 0 &&
            (facts.stx_mask & STATX_MNT_ID) != 0)
            return static_cast<uint32_t>(facts.stx_mnt_id);
    }
    return 0;
}

}  // namespace vedette::probe
