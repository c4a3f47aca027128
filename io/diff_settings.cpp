#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"
#include "io/diff.hpp"

namespace muster::io {
namespace {

struct Setting {
  std::string key;
  std::string value;
};

/// Is a multi-line value (an array or a """text""") still open after this piece?
class OpenValue {
 public:
  void add(std::string_view piece) {
    for (std::size_t i = 0; i < piece.size(); ++i) step(piece, i);
    if (quote_.size() == 1) quote_.clear();  // a plain string ends with its line
  }
  bool is_open() const { return depth_ > 0 || !quote_.empty(); }

 private:
  void step(std::string_view piece, std::size_t& i) {
    char const c = piece[i];
    if (!quote_.empty()) {
      if (c == '\\' && quote_[0] == '"')
        ++i;
      else if (piece.substr(i).starts_with(quote_))
        i += quote_.size() - 1, quote_.clear();
    } else if (c == '"' || c == '\'') {
      bool const is_triple = i + 2 < piece.size() && piece[i + 1] == c && piece[i + 2] == c;
      quote_.assign(is_triple ? 3 : 1, c);
      i += quote_.size() - 1;
    } else if (c == '#') {
      i = piece.size();
    } else {
      depth_ += (c == '[' || c == '{') - (c == ']' || c == '}');
    }
  }
  int depth_ = 0;
  std::string quote_;
};

/// The lines of a canonical TOML text as dotted keys and values. Canonical text is muster's own, so
/// this follows its lines and is no parser: what it does not understand becomes a setting as it is.
class Lines {
 public:
  std::vector<Setting> read(std::string_view text) {
    while (!text.empty()) {
      auto const line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      take(line);
    }
    return std::move(settings_);
  }

 private:
  void take(std::string_view line) {
    if (open_.is_open()) return extend(line);
    line = trimmed(line);
    if (line.empty() || line[0] == '#') return;
    if (line.starts_with("[[") && line.ends_with("]]")) {
      std::string const name(trimmed(line.substr(2, line.size() - 4)));
      prefix_ = fmt::format("{}[{}].", name, counts_[name]++);
    } else if (line[0] == '[' && line.ends_with("]")) {
      prefix_ = std::string(trimmed(line.substr(1, line.size() - 2))) + ".";
    } else {
      take_setting(line);
    }
  }

  void take_setting(std::string_view line) {
    auto const equals = line.find('=');
    if (equals == std::string_view::npos) {
      settings_.push_back({prefix_ + std::string(line), ""});
      return;
    }
    settings_.push_back({prefix_ + std::string(trimmed(line.substr(0, equals))), ""});
    open_ = {};
    extend(trimmed(line.substr(equals + 1)));
  }

  void extend(std::string_view piece) {
    std::string& value = settings_.back().value;
    if (!value.empty()) value += '\n';
    value += piece;
    open_.add(piece);
  }

  std::vector<Setting> settings_;
  std::map<std::string, std::uint64_t> counts_;
  std::string prefix_;
  OpenValue open_;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start <= text.size();) {
    std::size_t const end = std::min(text.find('\n', start), text.size());
    lines.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

/// A long value, say a book, is compared line by line: its whole text would say nothing.
void add_difference(std::vector<SettingDifference>& found, std::string const& key,
                    std::string_view a, std::string_view b) {
  auto const of_a = lines_of(a), of_b = lines_of(b);
  if (of_a.size() == 1 && of_b.size() == 1) {
    found.push_back({key, of_a[0], of_b[0]});
    return;
  }
  for (std::size_t i = 0; i < std::max(of_a.size(), of_b.size()); ++i) {
    auto const line_a = i < of_a.size() ? std::optional(of_a[i]) : std::nullopt;
    auto const line_b = i < of_b.size() ? std::optional(of_b[i]) : std::nullopt;
    if (line_a != line_b) found.push_back({fmt::format("{}, line {}", key, i + 1), line_a, line_b});
  }
}

}  // namespace

std::vector<SettingDifference> diff_settings(std::string const& a, std::string const& b) {
  auto const of_a = Lines().read(a), of_b = Lines().read(b);
  std::map<std::string_view, std::string_view> values_b;
  for (Setting const& setting : of_b) values_b.emplace(setting.key, setting.value);
  std::vector<SettingDifference> found;
  std::map<std::string_view, bool> seen;
  for (Setting const& setting : of_a) {
    seen[setting.key] = true;
    auto const other = values_b.find(setting.key);
    if (other == values_b.end())
      found.push_back({setting.key, setting.value, std::nullopt});
    else if (other->second != setting.value)
      add_difference(found, setting.key, setting.value, other->second);
  }
  for (Setting const& setting : of_b)
    if (!seen.contains(setting.key)) found.push_back({setting.key, std::nullopt, setting.value});
  return found;
}

}  // namespace muster::io
