// Independent pieces of work on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace muster {

/// Runs `work(i)` for i below `count` on so many threads at most; the first error is thrown again.
template <class Work>
void in_parallel(std::size_t count, int threads, Work work) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr error;
  std::once_flag first_error;
  auto const run = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      std::call_once(first_error, [&] { error = std::current_exception(); });
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(count, static_cast<std::size_t>(std::max(threads, 1))); ++i) others.emplace_back(run);
    run();
  }
  if (error) std::rethrow_exception(error);
}

/// Runs `work(first, count)` over [0, count) in as many pieces as there are threads; small ones are not worth a thread.
template <class Work>
void in_pieces(std::uint64_t count, int threads, Work work) {
  constexpr std::uint64_t least_piece = 256;
  auto const pieces = std::clamp<std::uint64_t>(count / least_piece, 1, static_cast<std::uint64_t>(std::max(threads, 1)));
  in_parallel(pieces, static_cast<int>(pieces), [&](std::size_t i) {
    auto const first = count * i / pieces;
    work(first, count * (i + 1) / pieces - first);
  });
}

/// Runs `work(i)` for i below `count`, many of them on each thread.
template <class Work>
void each(std::uint64_t count, int threads, Work work) {
  in_pieces(count, threads, [&](std::uint64_t first, std::uint64_t some) {
    for (std::uint64_t i = first; i < first + some; ++i) work(i);
  });
}

}  // namespace muster
