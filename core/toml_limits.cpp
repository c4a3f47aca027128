#include "core/toml_limits.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster {
namespace {

constexpr std::size_t limit_dots = 32;

/// Just enough of TOML's grammar to know strings and comments from the rest.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view file) : text_(text), file_(file) {}
  bool is_at_end() const { return at_ >= text_.size(); }
  std::uint64_t line() const { return line_; }

  /// The next byte outside strings and comments; '"' stands for a whole string.
  char next() {
    char const c = text_[at_];
    if (c == '"' || c == '\'') {
      skip_string(c);
      return '"';
    }
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return ' ';
    }
    if (!is_byte_order_mark()) refuse_non_ascii(c, "outside quotes");
    if (c == '\n') ++line_;
    ++at_;
    return c;
  }

 private:
  bool is_byte_order_mark() const { return at_ < 3 && text_.starts_with("\xef\xbb\xbf"); }

  void skip_string(char quote) {
    std::string_view const rest = text_.substr(at_);
    bool const is_long = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
    at_ += is_long ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      char const c = text_[at_];
      if (c == '\n') {
        if (!is_long) return;  // unterminated: the parser will say so
        ++line_;
      } else if (c == '\\' && quote == '"') {
        skip_escape();
      } else if (c == quote && (!is_long || text_.substr(at_, 3) == rest.substr(0, 3))) {
        at_ += is_long ? 3 : 1;
        return;
      }
    }
  }

  /// Past what a backslash joins to it: one byte, or the blanks around a line's end.
  void skip_escape() {
    constexpr std::string_view blanks = " \t\r\n";
    if (at_ + 1 >= text_.size() || blanks.find(text_[at_ + 1]) == std::string_view::npos) {
      ++at_;
      return;
    }
    while (at_ + 1 < text_.size() && blanks.find(text_[at_ + 1]) != std::string_view::npos)
      if (text_[++at_] == '\n') ++line_;
    if (at_ + 1 < text_.size())
      refuse_non_ascii(text_[at_ + 1], "after a backslash at a line's end");
  }

  /// toml++ asks whether such characters are blanks, which is undefined for some (TOML 1.0 has them
  /// in strings and comments only, so none is lost).
  void refuse_non_ascii(char c, std::string_view where) const {
    MUSTER_REQUIRE(
        static_cast<unsigned char>(c) < 0x80,
        "{}:{}: a character that is not ASCII {} (the file is not valid TOML); put it in "
        "quotes",
        file_, line_, where);
  }

  std::string_view text_, file_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
};

}  // namespace

void refuse_hostile_toml(std::string_view text, std::string_view file, TomlLimits const& limits) {
  MUSTER_REQUIRE(
      text.size() <= limits.bytes,
      "{}: {} of text (the limit for a job file is {}); put a large book into a CSV file and "
      "name it in [book]",
      file, human_bytes(text.size()), human_bytes(limits.bytes));
  MUSTER_REQUIRE(text.find('\0') == std::string_view::npos,
                 "{}: holds a NUL byte (it is no text file); give a TOML file", file);
  std::uint64_t values = 0;
  std::size_t dots = 0;
  for (Scanner scan(text, file); !scan.is_at_end();) {
    switch (scan.next()) {
      case '.':
        MUSTER_REQUIRE(++dots <= limit_dots,
                       "{}:{}: a key of over {} parts (no job file needs it); check for stray dots",
                       file, scan.line(), limit_dots);
        break;
      case '=':
      case ',':
      case '[':
      case '{':
        MUSTER_REQUIRE(++values <= limits.values,
                       "{}:{}: over {} values (too many for a job file); put a "
                       "large book into a CSV file and name it in [book]",
                       file, scan.line(), human_count(limits.values));
        [[fallthrough]];
      case ']':
      case '}':
      case '\n':
        dots = 0;
        break;
      default:
        break;
    }
  }
}

}  // namespace muster
