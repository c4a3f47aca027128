// A run that had no data counts as skipped (77), not as passed.
#include <gtest/gtest.h>

#include "market_data.hpp"

int main(int count, char** arguments) {
  ::testing::InitGoogleTest(&count, arguments);
  int const failed = RUN_ALL_TESTS();
  return failed != 0 ? failed : muster::test::market_data().empty() ? 77 : 0;
}
