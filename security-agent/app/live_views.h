// SPDX-License-Identifier: Apache-2.0
//
// What the agent shows to those who watch: the hub of alerts and events with its place behind the outputs, and the
// answers to the live routes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "security-agent/api/live_routes.h"
#include "security-agent/engine/alert_sink.h"
#include "security-agent/engine/engine.h"
#include "security-agent/live/hub.h"
#include "security-agent/live/tap.h"
#include "security-agent/outputs/outputs.h"

namespace vedette::app {

class Views final : public engine::AlertSink {
   public:
    /// What the answers are about; all must outlive them.
    struct Sources {
        const engine::Engine& engine;
        bool connected;
        std::string command_socket;
    };

    /// `looks`: one more, or with false one less, wants to see events.
    Views(Metrics& metrics, std::function<void(bool begins)> looks);

    /// Where lines go first; before the engine runs.
    void pass_on_to(outputs::Outputs& outputs) { outputs_ = &outputs; }
    void write(std::string line) override;
    live::Tap& tap() { return tap_; }

    /// `sources`: asked for at each request, because the API is made before the engine.
    api::LiveViews answers(std::function<Sources()> sources);

   private:
    std::shared_ptr<live::Hub> hub_;
    live::Tap tap_;
    outputs::Outputs* outputs_ = nullptr;
};

}  // namespace vedette::app
