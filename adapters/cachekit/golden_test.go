package cachekit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

// goldenSealed is "sealed by version 1" under the key k1, for "place".
const goldenSealed = "a3BzAQJrMQbx1GLgTOVsqpfsJ8qxGuuEH3/+ETdkHCALm9plycWkBsAWomQj54ALFQlOH99cu1DAV/0o6C4XGhYyWt9Av5DXfRaNfO1tFGJEi7/dN8s="

// goldenName is the name of the user's set, without a key for names.
const goldenName = "user.8959130a36d1d3f495ced9dc9c0806689a25fd9606988ce825d625926ddcd2dc"

func golden(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReadsWhatVersion1Wrote: what is stored today is read for ever.
func TestReadsWhatVersion1Wrote(t *testing.T) {
	for file, o := range map[string]cachekit.TokenCacheOptions{"sealed.jsonl": sealedWith(t), "plain.jsonl": plain()} {
		store := newBlobs()
		store.put(goldenName, golden(t, file))
		set, err := open(t, store, o).Load(t.Context(), user)
		if err != nil || !set.Equal(signedIn("golden")) {
			t.Errorf("%s: %v, %v, want the set that was stored", file, set, err)
		}
	}
}

// TestNamesStay: what is stored under other names is not found again.
func TestNamesStay(t *testing.T) {
	codec := newCodec(t, plain().CodecOptions)
	if got := codec.Name(user); got != goldenName {
		t.Errorf("the name is %s, want %s", got, goldenName)
	}
	if got := cachekit.RecordName(user, refreshToken("").Key); got != "BzIhgYeZUW0uLSNr2oaWjmELOS_p-L9VR_n74T4jYJ8" {
		t.Errorf("the name of the refresh token is %s", got)
	}
	o := plain().CodecOptions
	o.NameKey = domain.NewSecret("sixteen bytes or more")
	if got := newCodec(t, o).Name(user); got == goldenName || len(got) != len(goldenName) {
		t.Errorf("with a key for names, the name is %s", got)
	}
}

func newCodec(t testing.TB, o cachekit.CodecOptions) *cachekit.Codec {
	t.Helper()
	c, err := cachekit.NewCodec(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
