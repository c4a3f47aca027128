#include "cli/selftest/gpu_checks.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/links.hpp"
#include "topology/probe_cuda.hpp"

namespace muster::cli::selftest {
namespace {

constexpr std::size_t copied_values = (std::size_t{256} << 20) / sizeof(std::int64_t);
/// What a healthy copy reaches of its link's rate, with room: NVLink gives four fifths and more.
constexpr double least_copy_share = 0.5;
/// A link of unknown rate has at least a few lanes of PCIe 3.
constexpr double least_copy_bytes_per_s = 1e9;

std::string giga(double bytes_per_s) { return fmt::format("{:.4g} GB/s", bytes_per_s * 1e-9); }

std::size_t place_of(topology::Facts const& facts, int ordinal) {
  auto const found = std::find_if(facts.gpus.begin(), facts.gpus.end(), [&](auto const& gpu) { return gpu.ordinal == ordinal; });
  MUSTER_ASSERT(found != facts.gpus.end(), "GPU {} is driven and not known", ordinal);
  return static_cast<std::size_t>(found - facts.gpus.begin());
}

Line check_kernel(topology::Facts const& facts, topology::Gpu const& gpu) {
  auto const check = fmt::format("GPU {}", gpu.ordinal);
  return guarded(check, [&] {
    kernels::DeviceArray values(gpu.ordinal, 1000);
    values.fill(42);
    MUSTER_REQUIRE_ENV(values.at(999) == 42, "a kernel ran on it and left a wrong value (its results would be wrong); take "
                       "the card out of use");
    return passed(check, fmt::format("sm_{}{}", gpu.capability_major, gpu.capability_minor),
                  fmt::format("{}, driver {}; this build has code for it", gpu.name,
                              facts.driver_version.empty() ? "unknown" : facts.driver_version));
  });
}

/// Twice: the first also starts the device.
Line check_job(PriceJob const& job, int ordinal) {
  auto const check = fmt::format("GPU {} job {}", ordinal, job.name);
  return guarded(check, [&] {
    worker::Consumption devices;
    devices.accelerators = {{jobs::Device::Kind::cuda, ordinal}};
    devices.threads = 0;
    auto const first = compute(job, devices);
    if (first.digest != job.digest) return judge(check, job, first);
    return judge(check, job, compute(job, devices));
  });
}

Line check_gpu_memory(int ordinal) {
  auto const check = fmt::format("GPU {} memory", ordinal);
  return guarded(check, [&] {
    kernels::DeviceArray from(ordinal, copied_values), to(ordinal, copied_values);
    from.fill(ordinal + 7);
    to.fill(0);
    auto const copy = to.copy_from(from);
    MUSTER_REQUIRE_ENV(to.at(0) == ordinal + 7 && to.at(copied_values - 1) == ordinal + 7,
                       "a copy inside its memory has other contents (its results would be wrong); take the card out of use");
    auto line = passed(check, giga(2 * copy.bytes_per_s), "read plus written by a copy");
    line.values = {{"bytes_per_s", 2 * copy.bytes_per_s}};
    return line;
  });
}

PeerFindings measure_pair(topology::Facts const& facts, int from, int to) {
  kernels::DeviceArray source(from, copied_values), target(to, copied_values);
  source.fill(from * 100 + to + 1);
  target.fill(-1);
  PeerFindings findings{from, to, target.copy_from(source), 0, true};
  auto const place = place_of(facts, from);
  findings.link_bytes_per_s = link_rate(facts.gpus[place], topology::link_between(facts, place, place_of(facts, to)));
  findings.is_right = target.at(0) == source.at(0) && target.at(copied_values - 1) == source.at(copied_values - 1);
  return findings;
}

double share_of_link(PeerFindings const& pair) {
  return pair.copy.bytes_per_s / (pair.link_bytes_per_s > 0 ? least_copy_share * pair.link_bytes_per_s : least_copy_bytes_per_s);
}

}  // namespace

double link_rate(topology::Gpu const& gpu, topology::Link const& link) {
  if (link.kind != topology::LinkKind::nvlink) return 0;
  int const capability = 10 * gpu.capability_major + gpu.capability_minor;
  // GB/s one way of one link: NVLink 1 on Pascal, 2 to 4 from Volta to Hopper, 5 on Blackwell; the
  // consumer and workstation Amperes have slower ones.
  double const each = capability < 70 ? 20 : capability == 86 ? 14.0625 : capability < 100 ? 25 : 50;
  return each * 1e9 * link.nvlinks;
}

double least_link_rate(topology::Facts const& facts, std::vector<int> const& ordinals) {
  double least = -1;
  for (int const from : ordinals)
    for (int const to : ordinals) {
      if (from == to) continue;
      auto const place = place_of(facts, from);
      auto const rate = link_rate(facts.gpus[place], topology::link_between(facts, place, place_of(facts, to)));
      least = least < 0 ? rate : std::min(least, rate);
    }
  return std::max(least, 0.0);
}

Lines check_gpus(topology::Facts const& facts, std::vector<int> const& ordinals, std::span<PriceJob const> jobs) {
  if (ordinals.empty() && !facts.gpus.empty() && topology::has_cuda_build() && !facts.gpus_unused.empty())
    return {failed("GPU", "", facts.gpus_unused)};
  if (ordinals.empty()) {
    auto const& why = facts.gpus.empty() ? facts.gpu_note : facts.gpus_unused;
    return {not_applicable("GPU", why.empty() ? "other ranks drive the GPUs of this machine" : why)};
  }
  Lines lines;
  for (int const ordinal : ordinals) {
    lines.push_back(check_kernel(facts, facts.gpus[place_of(facts, ordinal)]));
    if (lines.back().verdict == Verdict::fail) continue;
    for (auto const& job : jobs) lines.push_back(check_job(job, ordinal));
    lines.push_back(check_gpu_memory(ordinal));
  }
  return lines;
}

Line check_peers(topology::Facts const& facts, std::vector<int> const& ordinals) {
  if (ordinals.size() < 2) return not_applicable("GPU peer copies", "this rank drives fewer than two GPUs");
  return guarded("GPU peer copies", [&] {
    std::vector<PeerFindings> pairs;
    for (int const from : ordinals)
      for (int const to : ordinals)
        if (from != to) pairs.push_back(measure_pair(facts, from, to));
    return judge_peers(pairs);
  });
}

Line judge_peers(std::vector<PeerFindings> const& pairs) {
  auto const wrong = std::find_if(pairs.begin(), pairs.end(), [](auto const& pair) { return !pair.is_right; });
  if (wrong != pairs.end())
    return failed("GPU peer copies", "", fmt::format("what GPU {} sends is not what arrives at GPU {} (sums over GPUs would be "
                                                     "wrong); disable ACS or the IOMMU, or set NCCL_P2P_DISABLE=1",
                                                     wrong->from, wrong->to));
  auto const& worst = *std::min_element(pairs.begin(), pairs.end(),
                                        [](auto const& a, auto const& b) { return share_of_link(a) < share_of_link(b); });
  auto const bound = worst.link_bytes_per_s > 0
                         ? fmt::format("{:.0f} % of the link's {}", 100 * worst.copy.bytes_per_s / worst.link_bytes_per_s,
                                       giga(worst.link_bytes_per_s))
                         : std::string("the rate of the link is not known");
  auto const where = fmt::format("the slowest of {} ways: GPU {} to {}, {}, {}", pairs.size(), worst.from, worst.to,
                                 worst.copy.is_direct ? "direct" : "through the host", bound);
  auto line = passed("GPU peer copies", giga(worst.copy.bytes_per_s), where);
  if (share_of_link(worst) < 1) {
    line.verdict = Verdict::fail;
    line.reason += " (sums over GPUs would crawl); check the link with nvidia-smi nvlink -s and nvidia-smi topo -m";
  }
  line.values = {{"bytes_per_s", worst.copy.bytes_per_s}, {"link_bytes_per_s", worst.link_bytes_per_s}};
  return line;
}

}  // namespace muster::cli::selftest
