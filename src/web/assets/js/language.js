// Settles the page's language before anything of it is drawn. A classic script: it waits for the style sheets, and the body waits for it.
{
  const root = document.documentElement;
  const style = getComputedStyle(root);
  const said = (name) => decodeURIComponent(style.getPropertyValue(name).trim().replace(/^["']|["']$/g, ''));
  const SHIPPED = ['en', 'fil'];
  const listed = said('--agency-languages').split(' ').filter((language) => SHIPPED.includes(language));
  const offered = listed.length ? listed : SHIPPED;
  const chosen = /(?:^|; )language=([a-z]{2,3})(?:;|$)/.exec(document.cookie)?.[1];
  // Browsers call Filipino fil, or Tagalog.
  const wished = (navigator.languages ?? []).map((tag) => tag.toLowerCase().split('-')[0].replace(/^tl$/, 'fil'));
  const language = [chosen, ...wished, said('--agency-language')].find((one) => offered.includes(one)) ?? 'en';
  root.dataset.languages = offered.join(' ');
  if (language !== 'en') {
    root.lang = language;
    root.dataset.wording = ''; // base.css shows nothing until words.js has put the words there
    setTimeout(() => delete root.dataset.wording, 4000);
    for (const part of 'office' in root.dataset ? ['', '-office'] : ['']) { // the back office has more to say
      const early = document.createElement('link');
      early.rel = 'modulepreload';
      early.href = new URL(`../words/${language}${part}.js`, document.currentScript.src);
      document.head.append(early);
    }
  }
}
