package application_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recording is what a real MSAL sent in one flow and what it was answered;
// testdata/wire/README.md says how it was made.
type recording struct {
	Peer     string            `json:"peer"`
	Flow     string            `json:"flow"`
	Result   recordedResult    `json:"result"`
	Requests []recordedRequest `json:"requests"`
}

// recordedResult is what the peer's caller got of the last call.
type recordedResult struct {
	AccessToken string `json:"access_token"`
	Error       string `json:"error"`
}

type recordedRequest struct {
	Method   string         `json:"method"`
	URL      string         `json:"url"`
	Headers  []wirePair     `json:"headers"`
	Form     []wirePair     `json:"form"`
	Response recordedAnswer `json:"response"`
}

// wirePair is a name and its value.
type wirePair [2]string

type recordedAnswer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

func (r recording) name() string { return r.Peer + "/" + r.Flow }

// tokenRequests leaves out what one peer asks a machine for, where a region is configured
// and only a log line comes of it.
func (r recording) tokenRequests() []recordedRequest {
	return slices.DeleteFunc(slices.Clone(r.Requests), func(q recordedRequest) bool {
		return r.Flow == "cc-region" && strings.HasPrefix(q.URL, "http://169.254.169.254/")
	})
}

// recordings reads all there are.
func recordings(t *testing.T) []recording {
	t.Helper()
	files, err := filepath.Glob("testdata/wire/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no recordings: %v", err)
	}
	all := make([]recording, len(files))
	for i, file := range files {
		readRecorded(t, file, &all[i])
		if want := filepath.Join("testdata/wire", all[i].name()+".json"); file != want {
			t.Fatalf("%s says that it is %s", file, want)
		}
	}
	return all
}

// recordedDocuments are the metadata documents that the recorded servers published, by URL
// without query.
func recordedDocuments(t *testing.T) map[string]recordedAnswer {
	t.Helper()
	all := make(map[string]recordedAnswer)
	readRecorded(t, "testdata/wire/documents.json", &all)
	return all
}

func readRecorded(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// factsOfPeer are the recorded token requests, ready to be compared.
func factsOfPeer(t *testing.T, r recording) []facts {
	t.Helper()
	var all []facts
	for _, q := range r.tokenRequests() {
		u, err := url.Parse(q.URL)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, factsOf(q.Method, u, q.Headers, q.Form))
	}
	return all
}
