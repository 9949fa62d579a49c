// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/host_facts.h"

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

}  // namespace vedette::probe
