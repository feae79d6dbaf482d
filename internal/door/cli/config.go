package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// Config is everything one can set, by flag, by variable (STAMM_ and the name of the flag) or in a TOML file, in this
// order of weight. The zero value of each works.
type Config struct {
	Dir        string `setting:"" placeholder:"FOLDER" help:"Folder of the data; made if it is missing. Default: stamm-data."`
	DB         string `setting:"" name:"db" placeholder:"FILE|URL" help:"Database: an SQLite file or a postgres:// address. Default: stamm.db in the folder."`
	Config     string `setting:"" placeholder:"FILE" help:"TOML file with settings. Default: stamm.toml in the folder, if there is one."`
	Addr       string `setting:"" placeholder:"HOST:PORT" help:"Where the web page listens. Default: 127.0.0.1:8080."`
	Site       string `setting:"" placeholder:"URL" help:"How people reach the web page from outside, as in https://stamm.example.com. Default: what each request says."`
	TrustProxy bool   `setting:"" help:"A proxy in front tells who calls in X-Forwarded-For and -Proto."`
	Memory     int    `setting:"" placeholder:"MIB" help:"Memory for counting over many customers, in MiB. Default: 320."`
	LogLevel   string `setting:"" placeholder:"LEVEL" help:"Least weight of what is logged: debug, info, warn or error. Default: info for serve, else warn."`
	LogFormat  string `setting:"" placeholder:"FORMAT" help:"How the log is written: text or json. Default: text."`
	Lang       string `setting:"" placeholder:"LANGUAGE" help:"Language of messages: de or en. Default: that of the system."`

	sources map[string]string // name of a setting → where it was said; empty for its default
}

// fromFlag is the source of a setting given as a flag.
const fromFlag = "flag"

// variable is the name of the environment variable of a setting.
func variable(name string) string {
	return "STAMM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// settings resolves the values of Config's flags from the environment and the file.
type settings struct {
	env      map[string]string
	file     map[string]string // by name of the setting
	fileName string
}

func newSettings(env []string) *settings {
	s := &settings{env: map[string]string{}}
	for _, v := range env {
		if name, value, ok := strings.Cut(v, "="); ok && strings.HasPrefix(name, "STAMM_") {
			s.env[name] = value
		}
	}
	return s
}

// Validate is asked by kong; there is nothing to check before the flags are known.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve returns what environment or file say about a flag, nil for nothing.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !flag.Tag.Has("setting") {
		return nil, nil
	}
	if v := s.env[variable(flag.Name)]; v != "" {
		return v, nil
	}
	if v, ok := s.file[flag.Name]; ok {
		return v, nil
	}
	return nil, nil
}

// sources tells where each setting that is not a default was said.
func (s *settings) sources(parsed *kong.Context) map[string]string {
	said := map[string]string{}
	for _, name := range settingNames() {
		if _, ok := s.file[name]; ok {
			said[name] = s.fileName + ": " + key(name)
		}
		if s.env[variable(name)] != "" {
			said[name] = variable(name)
		}
	}
	for _, p := range parsed.Path {
		if p.Flag != nil && !p.Resolved && p.Flag.Tag.Has("setting") {
			said[p.Flag.Name] = fromFlag
		}
	}
	return said
}

// readFile reads the TOML file that the flags and the environment name, or the folder's own.
func (s *settings) readFile(in Invocation, c Config) error {
	path := c.Config
	if path == "" {
		path = filepath.Join(c.folder(in), "stamm.toml")
	}
	path = absolute(in, path)
	var table map[string]any
	_, err := toml.DecodeFile(path, &table)
	var broken toml.ParseError
	switch {
	case c.Config == "" && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)):
		return nil // there need not be one
	case errors.As(err, &broken):
		return fault.New(fault.Invalid, "cli.config_syntax", "file", path, "line", strconv.Itoa(broken.Position.Line), "reason", broken.Message).On("config")
	case err != nil:
		return fault.New(fault.Invalid, "cli.config_file", "file", path).On("config").Because(err)
	}
	s.fileName, s.file = path, map[string]string{}
	return s.take(table, "")
}

// take flattens the tables of the file: host under [mail] is the setting mail-host.
func (s *settings) take(table map[string]any, prefix string) error {
	keys := make([]string, 0, len(table))
	for k := range table {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		name := prefix + strings.ReplaceAll(k, "_", "-")
		switch v := table[k].(type) {
		case map[string]any:
			if err := s.take(v, name+"-"); err != nil {
				return err
			}
		case string, int64, bool, float64:
			if !slices.Contains(settingNames(), name) {
				return fault.New(fault.Invalid, "cli.config_key", "file", s.fileName, "key", k, "keys", strings.Join(keysOf(settingNames()), ", ")).On("config")
			}
			s.file[name] = fmt.Sprint(v)
		default:
			return fault.New(fault.Invalid, "cli.config_value", "file", s.fileName, "key", k).On("config")
		}
	}
	return nil
}

// settingNames are the flags of Config, in their order.
func settingNames() []string {
	t := reflect.TypeFor[Config]()
	var names []string
	for f := range fields(t) {
		names = append(names, f.name)
	}
	return names
}

type setting struct {
	name   string
	index  int
	secret bool
}

// fields walks over the settings of Config.
func fields(t reflect.Type) func(func(setting) bool) {
	return func(yield func(setting) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			if _, ok := f.Tag.Lookup("setting"); !ok {
				continue
			}
			_, secret := f.Tag.Lookup("secret")
			name := f.Tag.Get("name")
			if name == "" {
				name = dashed(f.Name)
			}
			if !yield(setting{name, i, secret}) {
				return
			}
		}
	}
}

// dashed writes LogLevel as log-level, as kong names flags.
func dashed(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// key is how a setting is written in the file.
func key(name string) string { return strings.ReplaceAll(name, "-", "_") }

func keysOf(names []string) []string {
	keys := make([]string, len(names))
	for i, n := range names {
		keys[i] = key(n)
	}
	return keys
}

func absolute(in Invocation, path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(in.Dir, path)
	}
	return filepath.Clean(path)
}

func (c Config) folder(in Invocation) string {
	if c.Dir == "" {
		return absolute(in, "stamm-data")
	}
	return absolute(in, c.Dir)
}

// language is the one of messages: as set, else that of the system, as in LANG=de_AT.UTF-8.
func (c Config) language(in Invocation) string {
	if c.Lang != "" {
		return c.Lang
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		for _, v := range in.Env {
			value, ok := strings.CutPrefix(v, name+"=")
			if ok && value != "" {
				if strings.HasPrefix(value, "de") {
					return "de"
				}
				return "en"
			}
		}
	}
	return "en"
}

// complete fills in defaults, makes paths absolute and checks everything. Mistakes are invalid faults on the settings.
func (c *Config) complete(in Invocation) error {
	c.Dir = c.folder(in)
	switch {
	case c.DB == "":
		c.DB = filepath.Join(c.Dir, "stamm.db")
	case !strings.Contains(c.DB, "://"):
		c.DB = absolute(in, c.DB)
	}
	if c.Config != "" {
		c.Config = absolute(in, c.Config)
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:8080"
	}
	if c.LogFormat == "" {
		c.LogFormat = "text"
	}
	if c.Memory == 0 {
		c.Memory = 320
	}
	c.Lang = c.language(in)
	return c.check()
}

func (c *Config) check() error {
	var all []error
	if isPostgres(c.DB) {
		if u, err := url.Parse(c.DB); err != nil || u.Host == "" && u.Query().Get("host") == "" {
			all = append(all, fault.New(fault.Invalid, "errors.database_address").On("db"))
		}
	} else if strings.Contains(c.DB, "://") {
		all = append(all, fault.New(fault.Invalid, "errors.database_address").On("db"))
	}
	if err := checkAddr(c.Addr); err != nil {
		all = append(all, err)
	}
	if c.Memory < 64 {
		all = append(all, fault.New(fault.Invalid, "errors.too_small", "min", 64).On("memory"))
	}
	for _, choice := range []struct {
		name, value string
		of          []string
	}{{"log-level", c.LogLevel, []string{"", "debug", "info", "warn", "error"}}, {"log-format", c.LogFormat, []string{"text", "json"}}, {"lang", c.Lang, i18n.Languages()}} {
		if !slices.Contains(choice.of, choice.value) {
			all = append(all, fault.New(fault.Invalid, "cli.choice", "text", choice.value, "choices", strings.TrimPrefix(strings.Join(choice.of, ", "), ", ")).On(choice.name))
		}
	}
	return errors.Join(all...)
}

func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fault.New(fault.Invalid, "cli.addr", "text", addr).On("addr")
	}
	return nil
}

func isPostgres(db string) bool {
	return strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://")
}

// safeDB is the database without its password.
func (c Config) safeDB() string {
	if !isPostgres(c.DB) {
		return c.DB
	}
	u, err := url.Parse(c.DB)
	if err != nil {
		return "postgres://"
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// values are all settings as they may be shown, by key of the file.
func (c Config) values() (keys []string, values map[string]any) {
	values = map[string]any{}
	v := reflect.ValueOf(c)
	for f := range fields(v.Type()) {
		value := v.Field(f.index).Interface()
		switch {
		case f.name == "db":
			value = c.safeDB()
		case f.secret && value != "":
			value = "xxxxx"
		}
		keys = append(keys, key(f.name))
		values[key(f.name)] = value
	}
	return keys, values
}

// environment says the whole configuration in variables, for a process that runs a command of this one.
func (c Config) environment() []string {
	var env []string
	v := reflect.ValueOf(c)
	for f := range fields(v.Type()) {
		if f.name == "db" && c.sources["db"] == "" || f.name == "config" {
			continue // the other process knows its database, and the file is read already
		}
		env = append(env, variable(f.name)+"="+fmt.Sprint(v.Field(f.index).Interface()))
	}
	return env
}

// logger writes the log of a process to w.
func (c Config) logger(w io.Writer, command string) *slog.Logger {
	level := slog.LevelWarn
	if command == "serve" {
		level = slog.LevelInfo
	}
	if c.LogLevel != "" {
		level.UnmarshalText([]byte(c.LogLevel)) // checked by complete
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
