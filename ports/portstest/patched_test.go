package portstest_test

import (
	"context"
	"iter"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// patched is a store with a mistake in one place. A nil field is the right way.
type patched struct {
	*store
	written map[domain.PartitionKey]domain.PartitionKey // the keys as they were given, by what they are filed under

	key    func(domain.PartitionKey) domain.PartitionKey    // what it files under
	stored func(old, fresh domain.TokenSet) domain.TokenSet // what it makes of a set
	load   func(context.Context, *store, domain.PartitionKey) (domain.TokenSet, error)
	update func(context.Context, *store, domain.PartitionKey, change) error
	keys   func(context.Context, *store, domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error]
}

func (p *patched) name(key domain.PartitionKey) domain.PartitionKey {
	if p.key != nil {
		return p.key(key)
	}
	return key
}

func (p *patched) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	if p.load != nil {
		return p.load(ctx, p.store, key)
	}
	return p.store.Load(ctx, p.name(key))
}

func (p *patched) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	if p.update != nil {
		return p.update(ctx, p.store, key, change)
	}
	return p.store.Update(ctx, p.name(key), func(current domain.TokenSet) (domain.TokenSet, error) {
		set, err := change(current)
		if err == nil && p.stored != nil {
			set = p.stored(current, set)
		}
		p.written[p.name(key)] = key
		return set, err
	})
}

func (p *patched) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	if p.keys != nil {
		return p.keys(ctx, p.store, f)
	}
	return func(yield func(domain.PartitionKey, error) bool) {
		for filed, err := range p.store.Keys(ctx, domain.PartitionFilter{}) {
			key := p.given(filed)
			if (err != nil || f.Admits(key)) && !yield(key, err) {
				return
			}
		}
	}
}

func (p *patched) given(filed domain.PartitionKey) domain.PartitionKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	if key, ok := p.written[filed]; ok {
		return key
	}
	return filed
}

// tokenCache runs the suite on patched stores.
func tokenCache(p patched) func(*testing.T) {
	return func(t *testing.T) {
		portstest.TokenCache(t, func(*testing.T) ports.TokenCache {
			fresh := p
			fresh.store, fresh.written = newStore(), map[domain.PartitionKey]domain.PartitionKey{}
			return &fresh
		})
	}
}
