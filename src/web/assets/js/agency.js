// Whose site this is: the name, the logo and how amounts are written, as /brand/theme.css says. Where that did not come, the house's own.
const style = getComputedStyle(document.documentElement);

function said(name) {
  try {
    return decodeURIComponent(style.getPropertyValue(name).trim().replace(/^["']|["']$/g, ''));
  } catch {
    return '';
  }
}

export const agencyName = said('--agency-name') || 'Lunaxcode';
/** symbol: ₱15,000; code: PHP 15,000. */
export const currencyDisplay = said('--agency-currency') === 'code' ? 'code' : 'narrowSymbol';

/** A page's title: its own words, and whose page it is. */
export const titled = (words) => `${words} – ${agencyName}`;

/** Puts a name wherever the page says whose it is. */
export function showName(name) {
  for (const place of document.querySelectorAll('[data-agency]')) {
    place.textContent = name;
    place.dataset.known = '';
  }
}

showName(agencyName);
document.title = document.title.replace('Lunaxcode', agencyName);
const logo = said('--agency-logo');
if (logo) {
  const icon = document.querySelector('link[rel="icon"]');
  icon?.removeAttribute('type');
  icon?.setAttribute('href', logo);
}
