package portstest_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// faultyDocuments is an HTTP cache with a mistake in Get or Set.
type faultyDocuments struct {
	*documents
	get func(*documents, string) ([]byte, time.Time, error)
	set func(d *documents, key string, value []byte, expires time.Time) error
	del func(*documents, string) error
}

func (f faultyDocuments) Get(ctx context.Context, key string) (value []byte, expires time.Time, err error) {
	if f.get != nil {
		return f.get(f.documents, key)
	}
	return f.documents.Get(ctx, key)
}

func (f faultyDocuments) Set(ctx context.Context, key string, value []byte, expires time.Time) error {
	if f.set != nil {
		return f.set(f.documents, key, value, expires)
	}
	return f.documents.Set(ctx, key, value, expires)
}

func (f faultyDocuments) Delete(ctx context.Context, key string) error {
	if f.del != nil {
		return f.del(f.documents, key)
	}
	return f.documents.Delete(ctx, key)
}

func httpCache(f faultyDocuments) func(*testing.T) {
	return func(t *testing.T) {
		portstest.HTTPCache(t, func(*testing.T) ports.HTTPCache {
			fresh := f
			fresh.documents = newDocuments()
			return fresh
		})
	}
}

var errNoEntry = errors.New("no such entry")

var background = context.Background()

var brokenDocuments = []broken{
	{"hides expired documents", httpCache(faultyDocuments{get: func(d *documents, key string) ([]byte, time.Time, error) {
		value, expires, err := d.Get(background, key)
		if expires.Before(time.Now()) {
			return nil, time.Time{}, err
		}
		return value, expires, err
	}}), []string{"expired entries are got"}},
	{"reports absent documents as an error", httpCache(faultyDocuments{get: func(d *documents, key string) ([]byte, time.Time, error) {
		value, expires, err := d.Get(background, key)
		if value == nil {
			err = errNoEntry
		}
		return value, expires, err
	}}), []string{"absent is nil", "Delete removes"}},
	{"returns empty documents for absent ones", httpCache(faultyDocuments{get: func(d *documents, key string) ([]byte, time.Time, error) {
		value, expires, err := d.Get(background, key)
		if value == nil {
			value = []byte{}
		}
		return value, expires, err
	}}), []string{"absent is nil", "Delete removes"}},
	{"forgets when documents expire", httpCache(faultyDocuments{set: func(d *documents, key string, value []byte, _ time.Time) error {
		return d.Set(background, key, value, time.Time{})
	}}), []string{"what was set is got"}},
	{"keeps the first document", httpCache(faultyDocuments{set: func(d *documents, key string, value []byte, expires time.Time) error {
		if old, _, _ := d.Get(background, key); old != nil {
			return nil
		}
		return d.Set(background, key, value, expires)
	}}), []string{"Set replaces"}},
	{"does not delete documents", httpCache(faultyDocuments{del: func(*documents, string) error { return nil }}), []string{"Delete removes"}},
	{"fails to delete absent documents", httpCache(faultyDocuments{del: func(d *documents, key string) error {
		if old, _, _ := d.Get(background, key); old == nil {
			return errNoEntry
		}
		return d.Delete(background, key)
	}}), []string{"absent is nil"}},
	{"folds letter case of documents", httpCache(faultyDocuments{
		get: func(d *documents, key string) ([]byte, time.Time, error) {
			return d.Get(background, strings.ToLower(key))
		},
		set: func(d *documents, key string, value []byte, expires time.Time) error {
			return d.Set(background, strings.ToLower(key), value, expires)
		},
	}), []string{"keys do not meet"}},
	{"takes documents for text", httpCache(faultyDocuments{set: func(d *documents, key string, value []byte, expires time.Time) error {
		return d.Set(background, key, bytes.ToValidUTF8(value, []byte("?")), expires)
	}}), []string{"what was set is got"}},
	{"writes over documents that were read", httpCache(faultyDocuments{set: func(d *documents, key string, value []byte, expires time.Time) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e := d.all[key]
		d.all[key] = entry{append(e.value[:0:len(e.value)], value...), expires}
		return nil
	}}), []string{"values do not change"}},
	{"stores value and expiry one after the other", httpCache(faultyDocuments{
		get: func(d *documents, key string) ([]byte, time.Time, error) {
			value, _, err := d.Get(background, key)
			_, expires, _ := d.Get(background, "expiry of "+key)
			return value, expires, err
		},
		set: func(d *documents, key string, value []byte, expires time.Time) error {
			_ = d.Set(background, key, value, expires)
			runtime.Gosched()
			return d.Set(background, "expiry of "+key, nil, expires)
		},
	}), []string{"values and expiry stay together"}},
}
