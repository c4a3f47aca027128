#include "cli/selftest/gpu_sums.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

#include "core/text.hpp"
#include "kernels/device_array.hpp"

namespace muster::cli::selftest {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds sum_deadline{60};
constexpr int sums = 6;
/// What a healthy all-reduce reaches of its links' rate, with room: NCCL gets three quarters and more.
constexpr double least_share = 1.0 / 3;

/// GPU number n of the group puts in n + 1 everywhere.
SumFindings sum_on_one(SumShare const& share, std::size_t index) {
  int const number = share.first + static_cast<int>(index);
  kernels::DeviceArray values(share.gpus[index], sum_bytes / sizeof(std::int64_t));
  auto const reducer = comm::make_nccl_reducer(share.id, number, share.size, share.gpus[index], sum_deadline);
  auto const right = std::int64_t{share.size} * (share.size + 1) / 2;
  SumFindings findings;
  for (int i = 0; i < sums; ++i) {
    values.fill(number + 1);
    auto const start = Clock::now();
    reducer->sum(values.data(), values.count(), sum_deadline);
    std::chrono::duration<double> const taken = Clock::now() - start;
    // The first one sets up its links.
    if (i == 1 || (i > 1 && taken.count() < findings.seconds)) findings.seconds = taken.count();
    if (values.at(0) != right || values.at(values.count() - 1) != right)
      findings.fault = fmt::format("GPU {} has a wrong sum", share.gpus[index]);
  }
  return findings;
}

SumFindings sum_without_throwing(SumShare const& share, std::size_t index) {
  try {
    return sum_on_one(share, index);
  } catch (std::exception const& fault) {
    return {0, fault.what()};
  }
}

}  // namespace

SumFindings sum_on_gpus(SumShare const& share) {
  std::vector<SumFindings> each(share.gpus.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < each.size(); ++i)
      threads.emplace_back([&, i] { each[i] = sum_without_throwing(share, i); });
  }
  SumFindings worst;
  for (auto const& one : each) {
    worst.seconds = std::max(worst.seconds, one.seconds);
    if (worst.fault.empty()) worst.fault = one.fault;
  }
  return worst;
}

Line judge_gpu_sums(SumFindings const& findings, int gpus, double link_bytes_per_s) {
  auto const check = std::string("NCCL all-reduce");
  if (!findings.fault.empty()) return failed(check, "", findings.fault);
  // What each link carries one way: a ring sends 2 (n - 1) / n of the array.
  auto const rate = 2.0 * (gpus - 1) / gpus * static_cast<double>(sum_bytes) / findings.seconds;
  auto const figure = fmt::format("{:.4g} GB/s a link", rate * 1e-9);
  auto const where = fmt::format("{} GPUs", gpus);
  auto line = passed(check, figure, link_bytes_per_s > 0
                                        ? fmt::format("{}, {:.0f} % of their links' {:.4g} GB/s", where,
                                                      100 * rate / link_bytes_per_s, link_bytes_per_s * 1e-9)
                                        : where + ", the rate of their links is not known");
  if (rate < least_share * link_bytes_per_s) {
    line.verdict = Verdict::fail;
    line.reason += fmt::format(" (less than {:.0f} %: sums would go another way than the links); set NCCL_DEBUG=INFO to "
                               "see which", 100 * least_share);
  }
  line.values = {{"bytes_per_s", rate}, {"link_bytes_per_s", link_bytes_per_s}};
  return line;
}

}  // namespace muster::cli::selftest
