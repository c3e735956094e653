package unified

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
)

// The fields of the schema that this package reads and writes. Others are kept.
const (
	fieldType          = "credential_type"
	fieldSecret        = "secret"
	fieldHome          = "home_account_id"
	fieldEnvironment   = "environment"
	fieldRealm         = "realm"
	fieldClient        = "client_id"
	fieldTarget        = "target"
	fieldTokenType     = "token_type"
	fieldCachedAt      = "cached_at"
	fieldExpiresOn     = "expires_on"
	fieldExtended      = "extended_expires_on"
	fieldRefreshOn     = "refresh_on"
	fieldModified      = "last_modification_time"
	fieldFamily        = "family_id"
	fieldLocal         = "local_account_id"
	fieldUsername      = "username"
	fieldAuthorityType = "authority_type"
	fieldSource        = "account_source"

	// fieldAsked holds the scopes that an access token was asked for, where they are not
	// those that were granted; fieldPartition says which of the two partitions that
	// might have a family's refresh token does. Others ignore and mostly keep them.
	fieldAsked     = "keyport_asked"
	fieldPartition = "keyport_partition"
)

// bindings are fields of other libraries that make a token fit for one request only: the
// assertion it was got for, the claims that were asked for, the key it is bound to.
var bindings = []string{
	"user_assertion_hash", "userAssertionHash", "requestedClaims", "requestedClaimsHash",
	"key_id", "keyid", "keyId", "ext_cache_key", "extCacheKey",
}

// fields are the members of a record. The readers remember the first that is not what
// it should be.
type fields struct {
	list    []member
	problem string
}

func (f *fields) raw(name string) []byte {
	for i := range f.list {
		if f.list[i].name == name {
			return f.list[i].value
		}
	}
	return nil
}

// text returns a string; "" when it is absent or null.
func (f *fields) text(name string) string {
	raw := f.raw(name)
	if raw == nil || string(raw) == "null" {
		return ""
	}
	text, ok := unquote(raw)
	if !ok {
		f.fail(name, "is not a string")
	}
	return text
}

// needed is text that must not be empty.
func (f *fields) needed(name string) string {
	text := f.text(name)
	if text == "" {
		f.fail(name, "is missing")
	}
	return text
}

// isText sees to it that a field is a string, absent or null, and reports whether it is empty or none.
func (f *fields) isText(name string) (empty bool) {
	raw := f.raw(name)
	if raw == nil || string(raw) == "null" {
		return true
	}
	if raw[0] != '"' || !utf8.Valid(raw) {
		f.fail(name, "is not a string")
		return true
	}
	return len(raw) == len(`""`)
}

// has sees to it that there is text which is not empty.
func (f *fields) has(name string) {
	if f.isText(name) {
		f.fail(name, "is missing")
	}
}

// seconds returns a time; the zero time when it is absent, null or empty. The schema has
// strings of decimal seconds; numbers are read too.
func (f *fields) seconds(name string) time.Time {
	raw := bytes.Trim(f.raw(name), `"`)
	if len(raw) == 0 || string(raw) == "null" {
		return time.Time{}
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < minSeconds || n > maxSeconds {
		f.fail(name, "is not a time in seconds")
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// The years 1 and 9999. The first second of the year 1 is the zero time, which means unknown.
const (
	minSeconds = -62135596799
	maxSeconds = 253402300799
)

func (f *fields) fail(name, problem string) {
	if f.problem == "" {
		f.problem = name + " " + problem
	}
}

// isBound reports whether the token serves one kind of request only, of which this
// package knows nothing.
func (f *fields) isBound() bool {
	for _, name := range bindings {
		if raw := f.raw(name); raw != nil && string(raw) != "null" && string(raw) != `""` {
			return true
		}
	}
	return false
}

// field is what a record is to say of one thing; "" says nothing.
type field struct{ name, text string }

func timeField(name string, t time.Time) field {
	if t.IsZero() {
		return field{name, ""}
	}
	return field{name, strconv.FormatInt(t.Unix(), 10)}
}

// merged puts what a record is to say into the members that it has. Members that say so
// already, and those that are not named, keep their bytes.
func merged(base []member, say []field) []member {
	out := make([]member, 0, len(base)+len(say))
	said := make(map[string]bool, len(say))
	for _, m := range base {
		i := indexOf(say, m.name)
		switch {
		case i < 0:
			out = append(out, m)
		case !said[m.name] && say[i].text != "":
			if f := (fields{list: []member{m}}); f.text(m.name) != say[i].text || f.problem != "" {
				m.value = quote(say[i].text)
			}
			out = append(out, m)
		}
		said[m.name] = true
	}
	for _, f := range say {
		if !said[f.name] && f.text != "" {
			out = append(out, member{f.name, quote(f.name), quote(f.text)})
		}
	}
	return out
}

func indexOf(list []field, name string) int {
	for i := range list {
		if list[i].name == name {
			return i
		}
	}
	return -1
}

// object writes members as they are.
func object(list []member) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(m.rawName)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
