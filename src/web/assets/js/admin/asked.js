// What a list is asked for stands in the page's address: reload, back and a link that somebody sends lead to the same rows.

/** The fields of `form` belong to the address from here on; load() is called when one was changed. Selects are filled before. */
export function askedInAddress(form, load) {
  const fields = [...form.elements].filter((one) => one.name);
  const usual = (one) => (one.localName === 'select' ? ([...one.options].find((option) => option.defaultSelected) ?? one.options[0]).value : one.defaultValue);
  const read = () => {
    const given = new URLSearchParams(location.search);
    for (const one of fields) {
      one.value = given.get(one.name) ?? usual(one);
      if (one.localName === 'select' && one.selectedIndex < 0) one.value = usual(one);
    }
  };
  const write = () => {
    const query = new URLSearchParams(location.search);
    for (const one of fields) if (one.value === usual(one)) query.delete(one.name); else query.set(one.name, one.value);
    if (`${query}` !== location.search.slice(1)) history.pushState(null, '', query.size ? `?${query}` : location.pathname);
  };
  form.addEventListener('submit', (event) => { event.preventDefault(); write(); load(); });
  form.addEventListener('change', (event) => { if (event.target.localName === 'select') { write(); load(); } });
  addEventListener('popstate', () => { read(); load(); });
  read();
}
