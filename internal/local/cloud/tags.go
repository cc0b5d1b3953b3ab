package cloud

import "maps"

// Tags are those of a function; none for one that does not exist.
func (c *Cloud) Tags(function string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.functions[function]
	if f == nil {
		return nil
	}
	return maps.Clone(f.tags)
}
