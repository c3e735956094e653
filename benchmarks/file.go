package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
)

// msalFileLargest is where MSAL for Go takes 20 ms a hit: it reads the file each time.
const msalFileLargest = 1000

// fileRecord is an application's token in the format that all MSALs share.
type fileRecord struct {
	Environment    string `json:"environment"`
	Tenant         string `json:"realm"`
	CredentialType string `json:"credential_type"`
	ClientID       string `json:"client_id"`
	Secret         string `json:"secret"`
	Scopes         string `json:"target"`
	ExpiresOn      string `json:"expires_on"`
	CachedAt       string `json:"cached_at"`
	TokenType      string `json:"token_type"`
}

type fileContent map[string]map[string]fileRecord

// tokenFile writes a file with one token for each tenant.
func tokenFile(folder string, tenants []string) (path string) {
	records := make(map[string]fileRecord, len(tenants))
	now := time.Now()
	for _, tenant := range tenants {
		name := fmt.Sprintf("-login.microsoftonline.com-accesstoken-%s-%s-%s", clientID, tenant, graph)
		records[name] = fileRecord{
			"login.microsoftonline.com", tenant, "AccessToken", clientID, filler, graph,
			strconv.FormatInt(now.Add(24*time.Hour).Unix(), 10), strconv.FormatInt(now.Unix(), 10), "Bearer",
		}
	}
	data := must(json.Marshal(fileContent{"AccessToken": records}))
	path = filepath.Join(folder, fmt.Sprintf("%d-tokens.json", len(tenants)))
	check(os.WriteFile(path, data, 0o600))
	return path
}

// newFolder is removed when the measurement is done.
func newFolder() (folder string, remove func()) {
	folder = must(os.MkdirTemp("", "keyport-bench-*"))
	return folder, func() { _ = os.RemoveAll(folder) }
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// silence is an HTTP client for those who have the token already.
type silence struct{}

// Do implements the HTTP client of both libraries.
func (silence) Do(*http.Request) (*http.Response, error) {
	return nil, errors.New("a token that is in the file was asked of the server")
}

// CloseIdleConnections is what MSAL for Go asks of a client.
func (silence) CloseIdleConnections() {}

// fileHits compares cached acquires from a file that nobody changes.
func fileHits() {
	if !begins("Cached token from a file, N tenants; the file is unchanged") {
		return
	}
	folder, remove := newFolder()
	defer remove()
	w := table("N", "one stat", "Keyport, memory", "Keyport, file", "file - memory, in stats", "MSAL Go, file", "MSAL Go / Keyport")
	for _, n := range []int{1, 100, 1000, 10_000} {
		if n > *largest {
			continue
		}
		list := tenants(n)
		path := tokenFile(folder, list)
		subjects := []subject{stat(path), keyportTenants(list), keyportFile(path, list)}
		if n <= msalFileLargest {
			subjects = append(subjects, msalFile(path, list))
		}
		m := compare(subjects, 1)
		theirs, factor := "", ""
		if len(m) > 3 {
			theirs, factor = ns(m[3]), fmt.Sprintf("%.0f x", m[3].nanoseconds/m[2].nanoseconds)
		}
		row(w, fmt.Sprint(n), ns(m[0]), ns(m[1]), ns(m[2]), fmt.Sprintf("%.1f", (m[2].nanoseconds-m[1].nanoseconds)/m[0].nanoseconds), theirs, factor)
	}
	_ = w.Flush()
}

func stat(path string) subject {
	return subject{"one stat", func(int) { must(os.Lstat(path)) }}
}

func keyportFile(path string, names []string) subject {
	tokens := must(cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path}))
	acquire := byTenant(must(keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: clientID, Authority: "https://login.microsoftonline.com/" + home, Credential: keyport.ClientSecret("a-secret"),
		Ports: keyport.Ports{HTTPClient: silence{}, TokenCache: tokens},
	})))
	for _, name := range names { // each set is made once
		acquire(name)
	}
	return subject{"Keyport, file", func(i int) { acquire(names[spread(i, len(names))]) }}
}

func msalFile(path string, names []string) subject {
	app := must(confidential.New("https://login.microsoftonline.com/"+home, clientID, must(confidential.NewCredFromSecret("a-secret")),
		confidential.WithHTTPClient(&stub{}), confidential.WithCache(msalAccessor(path))))
	ctx := context.Background()
	return subject{"MSAL Go, file", func(i int) {
		result := must(app.AcquireTokenByCredential(ctx, []string{graph}, confidential.WithTenantID(names[spread(i, len(names))])))
		if result.AccessToken != filler {
			panic("MSAL for Go has not found the token in the file")
		}
	}}
}

// msalAccessor is the accessor of its documentation.
type msalAccessor string

// Replace implements [cache.ExportReplace].
func (f msalAccessor) Replace(_ context.Context, c cache.Unmarshaler, _ cache.ReplaceHints) error {
	data, err := os.ReadFile(string(f))
	if err != nil {
		return err
	}
	return c.Unmarshal(data)
}

// Export implements [cache.ExportReplace]. Nothing is new in these measurements.
func (msalAccessor) Export(context.Context, cache.Marshaler, cache.ExportHints) error { return nil }

// fileChanges compares reading a file that another process has changed, and storing one token more.
func fileChanges() {
	if !begins("A file of N tokens: read it after a change, and store one token") {
		return
	}
	folder, remove := newFolder()
	defer remove()
	w := table("N", "bytes", "read: Keyport", "encoding/json", "ratio", "store: Keyport", "encoding/json", "ratio")
	for _, n := range []int{1, 1000} {
		path := tokenFile(folder, tenants(n))
		store := storeKeyport(path)
		store.op(0) // so that all have the same bytes: Keyport writes an application's token twice, for two other libraries
		size := must(os.Stat(path)).Size()
		m := compare([]subject{readKeyport(path), readJSON(path), store, storeJSON(path)}, 1)
		row(w, fmt.Sprint(n), fmt.Sprint(size), ns(m[0]), ns(m[1]), fmt.Sprintf("%.2f", m[0].nanoseconds/m[1].nanoseconds),
			ns(m[2]), ns(m[3]), fmt.Sprintf("%.2f", m[2].nanoseconds/m[3].nanoseconds))
	}
	_ = w.Flush()
}

// partition is that of the first tenant.
func partition() domain.PartitionKey {
	return domain.AppKey(clientID, tenants(1)[0], "https://graph.microsoft.com")
}

// touch gives the file another time, as a change by another process does.
func touch(path string, i int) {
	at := time.Now().Add(time.Duration(i) * time.Microsecond)
	check(os.Chtimes(path, at, at))
}

func readKeyport(path string) subject {
	tokens, ctx := must(cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})), context.Background()
	return subject{"read", func(i int) {
		touch(path, i)
		if set := must(tokens.Load(ctx, partition())); set.IsZero() {
			panic("no token")
		}
	}}
}

func readJSON(path string) subject {
	return subject{"read, encoding/json", func(i int) {
		touch(path, i)
		var content fileContent
		check(json.Unmarshal(must(os.ReadFile(path)), &content))
	}}
}

// storeKeyport stores a new token in the first tenant's place, so that the file does not grow.
func storeKeyport(path string) subject {
	tokens, ctx := must(cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})), context.Background()
	return subject{"store", func(i int) {
		check(tokens.Update(ctx, partition(), func(set domain.TokenSet) (domain.TokenSet, error) {
			for r := range set.Records() {
				if token, ok := r.(domain.AccessToken); ok {
					token.Secret = domain.NewSecret(filler[:1600] + fmt.Sprintf("%0100d", time.Now().UnixNano()+int64(i)))
					return domain.NewTokenSet(token), nil
				}
			}
			return set, errors.New("no token")
		}))
	}}
}

// storeJSON writes the whole content anew, as safely as Keyport does but without locks.
func storeJSON(path string) subject {
	var content fileContent
	check(json.Unmarshal(must(os.ReadFile(path)), &content))
	target := path + ".json"
	return subject{"store, encoding/json", func(int) {
		temporary := must(os.Create(target + ".tmp"))
		must(temporary.Write(must(json.Marshal(content))))
		check(errors.Join(temporary.Sync(), temporary.Close(), os.Rename(target+".tmp", target)))
		folder := must(os.Open(filepath.Dir(target)))
		check(errors.Join(folder.Sync(), folder.Close()))
	}}
}
