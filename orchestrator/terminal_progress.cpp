#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "orchestrator/progress.hpp"

namespace muster::orchestrator {
namespace {

std::string format_duration(double seconds) {
  if (!(seconds < 3.2e8)) return "unknown";
  auto const total = static_cast<long>(std::ceil(seconds));
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min {:02} s", total / 60, total % 60);
  if (total < 86'400) return fmt::format("{} h {:02} min", total / 3600, total / 60 % 60);
  return fmt::format("{} d {:02} h", total / 86'400, total / 3600 % 24);
}

/// 12,345
std::string format_count(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(at, ",");
  return digits;
}

std::string format_tiles(Progress const& progress) {
  std::string const line = fmt::format("{}/{} tiles", format_count(progress.done_tiles),
                                       format_count(progress.stage_tiles));
  if (progress.last_tiles == progress.stage_tiles) return line;
  return line + fmt::format(" (at most {})", format_count(progress.last_tiles));
}

std::string format_shares(Progress const& progress) {
  std::uint64_t total = 0;
  for (RankShare const& share : progress.ranks) total += share.tiles;
  if (progress.ranks.size() < 2 || total == 0) return {};
  std::string text = "  ranks";
  for (RankShare const& share : progress.ranks)
    text += fmt::format(" {:.0f}",
                        100.0 * static_cast<double>(share.tiles) / static_cast<double>(total));
  return text + " %";
}

class TerminalProgress : public ProgressSink {
 public:
  TerminalProgress(std::FILE* stream, double line_interval_s)
      : stream_(stream),
        is_terminal_(isatty(fileno(stream)) == 1),
        line_interval_s_(line_interval_s) {}

  void update(Progress const& progress) override {
    if (is_terminal_) return rewrite(progress);
    if (progress.elapsed_s - last_line_s_ < line_interval_s_) return;
    last_line_s_ = progress.elapsed_s;
    fmt::print(stream_, "{}\n", format_progress(progress, log_width));
    std::fflush(stream_);
  }
  void finish(Progress const& progress) override {
    // A short run never showed a line, so it needs no last one.
    if (is_terminal_ && has_line_) rewrite(progress);
    if (has_line_) fmt::print(stream_, "\n");
    has_line_ = false;
    std::fflush(stream_);
  }

 private:
  static constexpr std::size_t log_width = 160;

  /// One less than there is, so that the line never wraps.
  std::size_t terminal_width() const {
    winsize size{};
    bool const is_known = ::ioctl(fileno(stream_), TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
    return is_known ? size.ws_col - 1u : 79;
  }
  void rewrite(Progress const& progress) {
    // Return, the line, erase to its end.
    fmt::print(stream_, "\r{}\x1b[K", format_progress(progress, terminal_width()));
    std::fflush(stream_);
    has_line_ = true;
  }

  std::FILE* stream_;
  bool const is_terminal_;
  double const line_interval_s_;
  double last_line_s_ = 0;
  bool has_line_ = false;
};

}  // namespace

std::string format_progress(Progress const& progress, std::size_t width) {
  double const part = progress.stage_tiles == 0 ? 1.0
                                                : static_cast<double>(progress.done_tiles) /
                                                      static_cast<double>(progress.stage_tiles);
  std::string line = progress.note.empty() ? format_tiles(progress) : std::string(progress.note);
  bool const has_items = !progress.item.empty();
  // Rounded down: 100 % is said when it is true.
  line += fmt::format("  {:.1f} %  {:.3g} {}/s", std::floor(1000 * part) / 10,
                      has_items ? progress.items_per_s : progress.units_per_s,
                      has_items ? progress.item : progress.unit);
  if (progress.eta_s >= 0) line += "  ETA " + format_duration(progress.eta_s);
  std::string const shares = format_shares(progress);
  if (line.size() + shares.size() <= width) line += shares;
  if (line.size() > width) line.resize(width);
  return line;
}

std::unique_ptr<ProgressSink> make_terminal_progress(std::FILE* stream, double line_interval_s) {
  return std::make_unique<TerminalProgress>(stream, line_interval_s);
}

}  // namespace muster::orchestrator
