// SPDX-License-Identifier: Apache-2.0
//
// The files of an alert whose hashes or package it is to show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "security-agent/engine/alert.h"
#include "security-agent/engine/event_subject.h"

namespace vedette::engine {

struct AlertFile {
    const v1::File* file = nullptr;  ///< null: this event has no such file
    bool program = false;            ///< of the acting process
    std::vector<AlertPath> places;   ///< where it stands in the alert
};

/// `field` is a file as a hash action names it: "open.file", "rename.file.destination", "process.parent.file". It has been
/// checked when the rule was compiled.
AlertFile find_alert_file(const EventSubject& subject, std::string_view field);

}  // namespace vedette::engine
