// What a call throws, for tests that read error messages.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/error.hpp"

namespace muster::test {

/// The message of the Error that `call` throws, with its exit code checked; empty, and a failure,
/// when none.
template <class Call>
std::string message_of(Call&& call, Exit code = Exit::user) {
  try {
    call();
  } catch (Error const& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace muster::test
