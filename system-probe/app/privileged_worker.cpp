// SPDX-License-Identifier: Apache-2.0
#include "system-probe/app/privileged_worker.h"

#include "system-probe/app/privileges.h"

namespace vedette::probe {

Result<std::unique_ptr<PrivilegedWorker>> PrivilegedWorker::start() {
    std::unique_ptr<PrivilegedWorker> worker(new PrivilegedWorker);
    if (auto launched = worker->launch("privileged", keep_worker_privileges); !launched)
        return forward_error(launched);
    return worker;
}

Result<std::unique_ptr<PrivilegedWorker>> PrivilegedWorker::start_opener() {
    std::unique_ptr<PrivilegedWorker> worker(new PrivilegedWorker);
    if (auto launched = worker->launch("opener", keep_opener_privileges); !launched)
        return forward_error(launched);
    return worker;
}

}  // namespace vedette::probe
