/* hero-toml.cpp: toml++ -> HeroToml. No exception leaves this file. Pure; any thread. */
#include "toml-tree.h"

#include <new>
#include <sstream>
#include <string>
#include <toml++/toml.h>

namespace
{

/* A string that C cannot carry. Thrown and caught here only. */
struct NulError
{
  toml::source_position place;
};

char *
copy_string (const std::string &text, const toml::source_position &place)
{
  if (text.find ('\0') != std::string::npos)
    throw NulError{ place };
  return g_strndup (text.data (), text.size ());
}

template <typename T>
char *
format_time (const toml::value<T> &value)
{
  std::ostringstream out;
  out << value.get ();
  return g_strdup (out.str ().c_str ());
}

HeroTomlType
type_of (const toml::node &node)
{
  switch (node.type ())
    {
    case toml::node_type::table:
      return HERO_TOML_TABLE;
    case toml::node_type::array:
      return HERO_TOML_ARRAY;
    case toml::node_type::string:
      return HERO_TOML_STRING;
    case toml::node_type::integer:
      return HERO_TOML_INTEGER;
    case toml::node_type::floating_point:
      return HERO_TOML_REAL;
    case toml::node_type::boolean:
      return HERO_TOML_BOOLEAN;
    default:
      return HERO_TOML_TIME;
    }
}

void convert (const toml::node &node, HeroToml *to);

HeroToml *
add_child (HeroToml *parent, const toml::node &node)
{
  const auto &begin = node.source ().begin;
  HeroToml *child = hero_toml_new (type_of (node), begin.line, begin.column);

  g_ptr_array_add (parent->children, child); /* owned from here on, whatever is thrown below */
  return child;
}

void
convert_table (const toml::table &table, HeroToml *to)
{
  for (const auto &[key, node] : table)
    {
      const auto &place = key.source ().begin;
      HeroToml *child = add_child (to, node);

      child->key_place = HeroTomlPlace{ place.line, place.column };
      child->key = copy_string (std::string (key.str ()), place);
      convert (node, child);
    }
  hero_toml_sort (to);
}

void
convert (const toml::node &node, HeroToml *to)
{
  if (const auto *table = node.as_table ())
    convert_table (*table, to);
  else if (const auto *array = node.as_array ())
    for (const auto &element : *array)
      convert (element, add_child (to, element));
  else if (const auto *string = node.as_string ())
    to->string = copy_string (string->get (), node.source ().begin);
  else if (const auto *integer = node.as_integer ())
    {
      to->integer = integer->get ();
      to->octal = (integer->flags () & toml::value_flags::format_as_octal) != toml::value_flags::none;
    }
  else if (const auto *real = node.as_floating_point ())
    to->real = real->get ();
  else if (const auto *boolean = node.as_boolean ())
    to->boolean = boolean->get ();
  else if (const auto *date = node.as_date ())
    to->string = format_time (*date);
  else if (const auto *time = node.as_time ())
    to->string = format_time (*time);
  else if (const auto *date_time = node.as_date_time ())
    to->string = format_time (*date_time);
}

void
set_place (HeroTomlPlace *where, const toml::source_position &place)
{
  *where = HeroTomlPlace{ place.line, place.column };
}

/* "Error while parsing key-value pair: expected .." -> "key-value pair: expected ..": that it is an error is said
 * before. */
std::string
describe (const toml::parse_error &error)
{
  static constexpr std::string_view prefix = "Error while parsing ";
  std::string_view text = error.description ();

  if (text.substr (0, prefix.size ()) == prefix)
    text.remove_prefix (prefix.size ());
  return std::string (text);
}

HeroToml *
parse (const char *text, gsize length, HeroTomlPlace *where, GError **error) noexcept
{
  g_autoptr (HeroToml) root = hero_toml_new (HERO_TOML_TABLE, 1, 1);

  try
    {
      convert_table (toml::parse (std::string_view (text, length)), root);
      return static_cast<HeroToml *> (g_steal_pointer (&root));
    }
  catch (const toml::parse_error &e)
    {
      set_place (where, e.source ().begin);
      g_set_error_literal (error, HERO_TOML_ERROR, HERO_TOML_ERROR_SYNTAX, describe (e).c_str ());
    }
  catch (const NulError &e)
    {
      set_place (where, e.place);
      g_set_error_literal (error, HERO_TOML_ERROR, HERO_TOML_ERROR_SYNTAX, "text with U+0000 cannot be used");
    }
  catch (const std::exception &e)
    {
      g_set_error (error, HERO_TOML_ERROR, HERO_TOML_ERROR_SYNTAX, "cannot be read: %s", e.what ());
    }
  return nullptr;
}

} // namespace

extern "C" HeroToml *
hero_toml_parse (const char *text, gsize length, HeroTomlPlace *where, GError **error)
{
  HeroTomlPlace place;

  if (where == nullptr)
    where = &place;
  if (!hero_toml_check_limits (text, length, where, error))
    return nullptr;
  return parse (text, length, where, error);
}
