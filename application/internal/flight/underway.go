package flight

// Underway reports whether a flight under key could be joined now.
func (g *Group[K, V]) Underway(key K) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.running[key]
	return ok && c.life.Err() == nil
}
