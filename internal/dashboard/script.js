"use strict"
// Puts what the server tells into the page, in place: nothing that has the focus or that somebody
// types into is replaced. Without this script the page loads itself again.

const root = document.documentElement
const connection = document.getElementById("connection")
const news = document.getElementById("news")

// The time in AWS, which may pass faster than here.
let clock = { now: Number(root.dataset.now), speed: Number(root.dataset.speed) || 1, at: performance.now() }
const awsNow = () => clock.now + (performance.now() - clock.at) * clock.speed

const two = n => String(n).padStart(2, "0")
function clockText(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

function tick() {
  for (const count of document.querySelectorAll(".count")) {
    const left = Math.ceil((Number(count.dataset.until) - awsNow()) / 1000)
    const text = left > 0 ? clockText(left) : count.dataset.late
    if (count.textContent !== text) count.textContent = text
  }
  for (const baked of document.querySelectorAll(".baked[data-since]")) {
    const whole = Number(baked.dataset.whole)
    const part = Math.min(Math.max(awsNow() - Number(baked.dataset.since), 0), whole)
    const text = `baked ${clockText(Math.floor(part / 1000))} of ${clockText(Math.floor(whole / 1000))}`
    if (baked.textContent !== text) baked.textContent = text
  }
}

const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id : ""
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b)

// morph makes an element like another one, and keeps its nodes.
function morph(from, to) {
  if (from.isEqualNode(to)) return
  for (const { name } of [...from.attributes]) {
    const opened = from.nodeName === "DETAILS" && name === "open" // by the person who reads
    if (!to.hasAttribute(name) && !opened) from.removeAttribute(name)
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value)
  }
  let at = from.firstChild
  for (const next of [...to.childNodes]) {
    let found = at
    while (found && !alike(found, next)) found = found.nextSibling
    if (!found) {
      from.insertBefore(next, at)
      continue
    }
    while (at !== found) at = remove(at)
    if (at.nodeType === Node.ELEMENT_NODE) morph(at, next)
    else if (at.data !== next.data) at.data = next.data
    at = at.nextSibling
  }
  while (at) at = remove(at)
}

function remove(node) {
  const next = node.nextSibling
  node.remove()
  return next
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body.firstElementChild
}

// arrange puts the blocks of a list into their order. What has the focus is not moved.
function arrange(list, keys) {
  const wanted = new Set(keys)
  for (const child of [...list.children]) if (!wanted.has(child.id)) child.remove()
  const still = keys.find(key => document.getElementById(key)?.contains(document.activeElement))
  let before = null
  for (const key of [...keys].reverse()) {
    const block = document.getElementById(key)
    if (!block) continue
    if (block.parentNode !== list || block.nextElementSibling !== before && key !== still) list.insertBefore(block, before)
    before = block
  }
}

function apply(update) {
  const focused = document.activeElement
  const card = focused?.closest("li.card")
  const moved = new Set(Object.values(update.lists ?? {}).flat())
  for (const [key, html] of Object.entries(update.blocks ?? {})) {
    const block = document.getElementById(key), next = parse(html)
    if (block) morph(block, next)
    else if (moved.has(key)) {
      const name = Object.keys(update.lists).find(name => update.lists[name].includes(key))
      document.getElementById(name)?.append(next)
    }
  }
  // A block that leaves one list for another must not be removed before it has arrived there.
  const lists = Object.entries(update.lists ?? {})
  for (const [name, keys] of lists) {
    const list = document.getElementById(name)
    for (const key of keys) {
      const block = document.getElementById(key)
      if (block && block.parentNode !== list) list?.append(block)
    }
  }
  for (const [name, keys] of lists) {
    const list = document.getElementById(name)
    if (list) arrange(list, keys)
  }
  keepFocus(focused, card)
  if (update.say?.length) news.textContent = update.say.slice(0, 5).join(". ")
  tick()
}

// keepFocus gives the focus back that an update has taken. Where a button has gone, its card has it.
function keepFocus(focused, card) {
  if (!focused || focused === document.body || document.activeElement === focused) return
  const to = focused.isConnected ? focused : card?.isConnected ? card.querySelector("h3 a") : document.getElementById("main")
  to?.focus({ preventScroll: true })
}

let source = null
let heard = 0
let lostAt = null
let retry = 0

function say(text, lost) {
  if (connection.textContent !== text) connection.textContent = text
  connection.classList.toggle("lost", lost)
}

const timeOf = date => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

function lose() {
  lostAt ??= new Date()
  say(`Connection lost at ${timeOf(lostAt)}: this page may be out of date. Trying again…`, true)
  source?.close()
  source = null
  clearTimeout(retry)
  retry = setTimeout(listen, 2000)
}

function listen() {
  if (!root.dataset.events || document.hidden || source) return
  source = new EventSource(root.dataset.events)
  heard = performance.now()
  source.onmessage = event => {
    heard = performance.now()
    const update = JSON.parse(event.data)
    if (update.instance !== root.dataset.instance) return restarted()
    clock = { now: update.now, speed: update.speed, at: performance.now() }
    lostAt = null
    say("Live", false)
    apply(update)
  }
  source.onerror = lose
}

// restarted loads the page again, unless somebody types into it. That page is not updated any more.
function restarted() {
  stop()
  const typed = document.getElementById("reason")
  if (!typed) return location.reload()
  say("The dashboard was started again. Copy your reason, and load this page again before you send it.", true)
}

function stop() {
  clearTimeout(retry)
  source?.close()
  source = null
}

// Nobody looks at a hidden page, and a browser keeps few connections to one server.
document.addEventListener("visibilitychange", () => document.hidden ? stop() : listen())
addEventListener("pagehide", stop)
addEventListener("pageshow", listen)
setInterval(() => {
  tick()
  if (source && performance.now() - heard > 40000) lose()
}, 1000)
if (root.dataset.events) {
  say("Connecting…", false)
  listen()
}
