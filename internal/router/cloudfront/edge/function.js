// Sluice's CloudFront Function for the viewer-request event (JavaScript runtime 2.0). It asks
// for the file of a release: /x becomes /releases/ID/x. Which release that is, stands in the
// key value store that is associated with the function, at the distribution's id.
import cf from 'cloudfront';
import crypto from 'crypto';

// The release that viewers get while the key is missing or cannot be understood.
const FALLBACK = '';

const RELEASES = '/releases/';
const BUCKETS = 10000;
const store = cf.kvs();

function isRelease(id) {
  return typeof id === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(id) && id !== '.' && id !== '..';
}

// A viewer keeps the same bucket. So a growing weight moves viewers only to the candidate.
function bucketOf(request, ip) {
  const cookie = request.cookies['sluice-bucket'];
  if (cookie && /^[0-9]{1,4}$/.test(cookie.value)) {
    return Number(cookie.value);
  }
  const header = request.headers['user-agent'];
  const agent = header ? header.value : '';
  const hash = crypto.createHash('sha256').update(ip + '\n' + agent).digest('hex');
  return parseInt(hash.substring(0, 8), 16) % BUCKETS;
}

function parse(text) {
  const route = JSON.parse(text);
  if (route.v !== 1 || !isRelease(route.stable)) {
    throw new Error('not a route');
  }
  if (!isRelease(route.candidate) || !Number.isInteger(route.weight)) {
    return { stable: route.stable, candidate: route.stable, weight: 0 };
  }
  return route;
}

// The runtime does not support await among the arguments of a call.
async function read(key) {
  try {
    const text = await store.get(key);
    return parse(text);
  } catch (e) {
    return { stable: FALLBACK, candidate: FALLBACK, weight: 0 };
  }
}

async function handler(event) {
  const request = event.request;
  if (request.uri.startsWith(RELEASES)) {
    return request;
  }
  const route = await read(event.context.distributionId);
  let release = bucketOf(request, event.viewer.ip) < route.weight ? route.candidate : route.stable;
  const preview = request.headers['x-sluice-preview'];
  if (preview && (preview.value === route.candidate || preview.value === route.stable)) {
    release = preview.value;
  }
  request.uri = RELEASES + release + request.uri + (request.uri.endsWith('/') ? 'index.html' : '');
  return request;
}
