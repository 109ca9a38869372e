// Filipino of the back office: what its pages say beyond fil.js, and what the server says to staff. README.md has the terms, and how to add.
export default {
  // Frame
  "AI usage": "Gamit ng AI",
  "Back office": "Back office",
  "Calendar": "Kalendaryo",
  "For staff": "Para sa staff",
  "Home": "Home",
  "Landing page": "Landing page",
  "Leads": "Mga lead",
  "Projects": "Mga project",
  "Settings": "Settings",
  "This part of the site is for the people who work at the agency.": "Para sa mga nagtatrabaho sa agency ang bahaging ito ng site.",
  // AI usage
  "Answer tokens": "Token ng sagot",
  "Cost (USD)": "Gastos (USD)",
  "Model": "Model",
  "Month": "Buwan",
  "No plan was written yet.": "Wala pang naisulat na plano.",
  "Plans": "Mga plano",
  "Prompt tokens": "Token ng prompt",
  "Thought tokens": "Token ng pag-iisip",
  "Times asked": "Ilang beses nagtanong",
  "To choose from": "Mapagpipilian",
  "Usage by month": "Gamit bawat buwan",
  "Usage by month and model": "Gamit bawat buwan at model",
  "What writing plans took, by month and model. Costs are estimates by the prices in the settings.": "Ang nagamit sa pagsulat ng mga plano, bawat buwan at model. Tantiya ang mga gastos ayon sa mga presyong nasa settings."
};

// What comes in English from the server: {1} stands for what it put in, which may be another of these.
export const messages = {
  // Who may
  "This is for the agency's staff.": "Para ito sa staff ng agency.",
  "This is for the agency's administrators.": "Para ito sa mga administrator ng agency."
};
