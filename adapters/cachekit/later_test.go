package cachekit_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

// The stored form, written down a second time: a later version of the library writes and
// reads it in these tests, and a change of the form is seen.

func joined(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
		b.WriteString(text)
	}
	return b.String()
}

func number(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }

// ofLater returns what is stored for the user: a set of owner's with the given records.
func ofLater(t *testing.T, o cachekit.TokenCacheOptions, owner domain.PartitionKey, records ...string) []byte {
	t.Helper()
	return claiming(t, len(records), o, owner, records...)
}

// claiming is ofLater with a header that claims a number of records.
func claiming(t *testing.T, claimed int, o cachekit.TokenCacheOptions, owner domain.PartitionKey, records ...string) []byte {
	t.Helper()
	const version = 1
	name := newCodec(t, o.CodecOptions).Name(user)
	body := func(payload, associated string) string {
		if o.Sealer == nil {
			sum := sha256.Sum256([]byte(joined(associated) + payload))
			return fmt.Sprintf(`"plain":%s,"check":%q`, payload, base64.RawURLEncoding.EncodeToString(sum[:12]))
		}
		sealed, err := o.Sealer.Seal(t.Context(), []byte(payload), []byte(associated))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`"sealed":%q`, base64.StdEncoding.EncodeToString(sealed))
	}
	header := fmt.Sprintf(`{"partition":%q,"records":%d}`, owner.Text(), claimed)
	out := fmt.Sprintf(`{"keyport":"token set","v":1,"version":%d,"hint":"of later",%s}`, version, body(header, joined("keyport token set 1", name)+number(version))) + "\n"
	for i, record := range records {
		var head struct{ Kind string }
		if err := json.Unmarshal([]byte(record), &head); err != nil {
			t.Fatal(err)
		}
		label := fmt.Sprintf("record %d", i)
		switch head.Kind {
		case "account":
			label = cachekit.RecordName(user, account("").RecordKey())
		case "refresh_token":
			label = cachekit.RecordName(user, refreshToken("").Key)
		}
		const never = 253402300799
		associated := joined("keyport record 1", user.Text(), head.Kind, label) + number(never) + number(version)
		out += fmt.Sprintf(`{"kind":%q,"name":%q,"expires":%d,%s}`, head.Kind, label, never, body(record, associated)) + "\n"
	}
	return []byte(out)
}

// payloadsOf returns what is inside of the records of a set.
func payloadsOf(t *testing.T, o cachekit.TokenCacheOptions, name string, data []byte) string {
	t.Helper()
	var all []string
	var header struct{ Version uint64 }
	for i, raw := range lines(data) {
		var line struct {
			Kind, Name string
			Expires    *int64
			Sealed     []byte
			Plain      json.RawMessage
		}
		if err := json.Unmarshal(raw, &line); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := json.Unmarshal(raw, &header); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if o.Sealer == nil {
			all = append(all, string(line.Plain))
			continue
		}
		expires := int64(-62135596800) // the zero time
		if line.Expires != nil {
			expires = *line.Expires
		}
		associated := joined("keyport record 1", user.Text(), line.Kind, line.Name) + number(uint64(expires)) + number(header.Version)
		payload, err := o.Sealer.Open(t.Context(), line.Sealed, []byte(associated))
		if err != nil {
			t.Fatalf("a record of %s: %v", name, err)
		}
		all = append(all, string(payload))
	}
	return strings.Join(all, "\n")
}
