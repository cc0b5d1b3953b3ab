package localaws

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

// SetTags exchanges all tags of a function, as a deployment of it by another tool may.
func (c *Cloud) SetTags(function string, tags map[string]string) error {
	for key, value := range tags {
		if err := checkTag(key, value); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(function)
	if err != nil {
		return err
	}
	f.tags = maps.Clone(tags)
	return nil
}
