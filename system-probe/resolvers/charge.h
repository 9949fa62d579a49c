// SPDX-License-Identifier: Apache-2.0
//
// Memory accounting by lifetime: a Charge adds its bytes to an account and takes them off when it goes.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace vedette::probe {

class Charge {
   public:
    /// `account` must outlive it.
    Charge(size_t& account, size_t bytes) : account_(&account), bytes_(bytes) { account += bytes; }
    Charge(Charge&& other) noexcept
        : account_(other.account_), bytes_(std::exchange(other.bytes_, 0)) {}
    Charge& operator=(Charge&&) = delete;
    ~Charge() { *account_ -= bytes_; }

    void resize(size_t bytes) {
        *account_ = *account_ - bytes_ + bytes;
        bytes_ = bytes;
    }

   private:
    size_t* account_;
    size_t bytes_;
};

/// A shared constant object that is charged once, for as long as anybody holds it.
template <typename T>
std::shared_ptr<const T> make_charged(T value, size_t& account, size_t bytes) {
    struct Charged {
        T value;
        Charge charge;
    };
    auto owner = std::make_shared<Charged>(Charged{std::move(value), Charge(account, bytes)});
    const T* object = &owner->value;
    return {std::move(owner), object};
}

}  // namespace vedette::probe
